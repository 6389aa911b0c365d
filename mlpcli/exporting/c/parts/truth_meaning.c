/* In small letters, as Unicode folds them: the long s is one. */
static int truth_meaning(const char *text, char *out, int size)
{
    int length = 0;

    for (; *text != '\0'; text++) {
        if (length >= size - 1) {
            return 0;
        }
        if (strncmp(text, "\305\277", 2) == 0) {
            out[length++] = 's';
            text++;
        } else {
            out[length++] = (char)(*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text);
        }
    }
    out[length] = '\0';
    return 1;
}
