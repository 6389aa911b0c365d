/* A number that is a text, in one spelling for all that are the same: sign, digits without zeros at either
   end, e, power of ten. Returns 0 where it is no number, and where it has more digits than there is room for;
   `codes`: whether digits that begin with 0 are numbers. */
static int one_spelling(const char *text, char *out, int size, int codes)
{
    int length = 0, start, zeros = 0, power = 0, point = 0, seen = 0;

    text = after_spaces(text);
    if (*text == '-') {
        out[length++] = '-';
    }
    text += *text == '-' || *text == '+';
    start = length;
    if (!codes && text[0] == '0' && is_digit(text[1])) {
        return 0;
    }
    for (; is_digit(*text) || (*text == DECIMAL_MARK && !point); text++) {
        if (*text == DECIMAL_MARK) {
            point = 1;
            continue;
        }
        seen = 1;
        power -= point;
        if (*text == '0') {
            zeros += length > start;
            continue;
        }
        for (; zeros > 0 && length < size - 12; zeros--) {
            out[length++] = '0';
        }
        if (length >= size - 12) {
            return 0;
        }
        out[length++] = *text;
    }
    if (*text == 'e' || *text == 'E') {
        int exponent = 0, sign = text[1] == '-' ? -1 : 1;
        text += text[1] == '-' || text[1] == '+' ? 2 : 1;
        seen = seen && is_digit(*text);
        for (; is_digit(*text); text++) {
            exponent = exponent > 99999 ? exponent : 10 * exponent + (*text - '0');
        }
        power += sign * exponent;
    }
    if (!seen || *after_spaces(text) != '\0') {
        return 0;
    }
    /* below half of the smallest number there is no other than 0 */
    if (length == start || power + zeros + length - start < -323) {
        strcpy(out, "0");
        return 1;
    }
    power += zeros;
    out[length++] = 'e';
    if (power < 0) {
        out[length++] = '-';
        power = -power;
    }
    for (start = 1000000; start > 1 && start > power; start /= 10) {
    }
    for (; start > 0; start /= 10) {
        out[length++] = (char)('0' + power / start % 10);
    }
    out[length] = '\0';
    return 1;
}
