static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *after_spaces(const char *text)
{
    while (is_space(*text)) {
        text++;
    }
    return text;
}
