/* Puts hour, minute and second into a date; whether there is such a day, and such a time. */
static int is_date(struct date *date, int hour, int minute, int second, long fraction)
{
    date->time = ((hour * 60LL + minute) * 60LL + second) * 1000000LL + fraction;
    return date->year >= 1 && date->month >= 1 && date->month <= 12 && date->day >= 1
        && date->day <= days_of_month(date->year, date->month) && hour < 24 && minute < 60 && second < 60;
}

/* A number of so many digits at a text, which is then behind them; -1 where there is none. */
static int digits(const char **text, int count)
{
    int value = 0, i;

    for (i = 0; i < count; i++) {
        if (!is_digit((*text)[i])) {
            return -1;
        }
        value = 10 * value + ((*text)[i] - '0');
    }
    *text += count;
    return value;
}

/* Digits of a fraction, at most so many, as microseconds; -1 where there are none, or more. */
static long microseconds(const char **text, int most)
{
    long value = 0, unit = 100000;
    int count = 0;

    for (; is_digit(**text); (*text)++, count++) {
        value += unit * (**text - '0');
        unit /= 10;
    }
    return count == 0 || count > most ? -1 : value;
}
