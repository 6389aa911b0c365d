/* A text, NULL where it is one of those that mean a missing cell, which are sorted. */
static const char *given(const char *text, const char *const *blanks, int count)
{
    return text == NULL || find(text, blanks, count) >= 0 ? NULL : text;
}
