/* What programs write in several ways: true and false in any case of letters, whole numbers with a point and zeros. */
static int plain_word(const char *text, char *out, int size)
{
    const char *digits = text + (*text == '-'), *end = digits;
    int length;

    if (truth_meaning(text, out, size) && (strcmp(out, "true") == 0 || strcmp(out, "false") == 0)) {
        return 1;
    }
    while (*end >= '0' && *end <= '9') {
        end++;
    }
    length = (int)(end - text);
    if (end == digits || (*digits == '0' && length > 1) || length >= size) {
        return 0;
    }
    memcpy(out, text, (size_t)length);
    out[length] = '\0';
    if (*end == DECIMAL_MARK) {
        for (end++; *end == '0'; end++) {
        }
    }
    return *end == '\0';
}
