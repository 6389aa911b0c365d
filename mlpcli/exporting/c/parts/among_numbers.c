/* Whether a text is one of some numbers, which are in their one spelling and sorted. */
static int among_numbers(const char *text, const char *const *numbers, int count, int codes)
{
    char spelling[LONGEST];

    return one_spelling(text, spelling, LONGEST, codes) && find(spelling, numbers, count) >= 0;
}
