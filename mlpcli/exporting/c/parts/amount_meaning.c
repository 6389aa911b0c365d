static int amount_meaning(const char *text, char *out, int size)
{
    return one_spelling(text, out, size, 0);
}
