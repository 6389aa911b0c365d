/* Seconds since 1970, or so many parts of one, that are a text. */
static int epoch_date(const char *text, double per_second, struct date *date)
{
    double value = 0.0, whole;
    int power = 0, exponent = 0, sign, negative, day;
    long days, year;

    text = after_spaces(text);
    negative = *text == '-';
    text += *text == '-' || *text == '+';
    if (!is_digit(*text)) {
        return 0;
    }
    for (; is_digit(*text); text++) {
        value = 10.0 * value + (*text - '0');
    }
    if (*text == '.') {
        for (text++; is_digit(*text); text++, power--) {
            value = 10.0 * value + (*text - '0');
        }
    }
    if (*text == 'e' || *text == 'E') {
        sign = text[1] == '-' ? -1 : 1;
        text += text[1] == '-' || text[1] == '+' ? 2 : 1;
        if (!is_digit(*text)) {
            return 0;
        }
        for (; is_digit(*text); text++) {
            exponent = exponent > 9999 ? exponent : 10 * exponent + (*text - '0');
        }
        power += sign * exponent;
    }
    value = power < 0 ? value / pow(10.0, -power) : value * pow(10.0, power);
    value = (negative ? -value : value) / per_second;
    if (*after_spaces(text) != '\0' || !(value >= -62135596800.0 && value < 253402300800.0)) {
        return 0;
    }
    whole = floor(value / 86400.0);
    days = (long)whole;
    date->time = (long long)rint((value - 86400.0 * whole) * 1e6);
    days += date->time >= 86400000000LL;
    date->time %= 86400000000LL;
    year = 1970 + (long)floor((double)days / 365.2425);
    year += days >= days_to((int)year + 1, 1);
    year -= days < days_to((int)year, 1);
    date->year = (int)year;
    day = (int)(days - days_to(date->year, 1)) + 1;
    for (date->month = 1; day > days_of_month(date->year, date->month); date->month++) {
        day -= days_of_month(date->year, date->month);
    }
    date->day = day;
    return date->year <= 9999;
}
