/* What the directives of a format have read. */
struct reading {
    int year;
    int month;
    int day;
    int day_of_year;
    int hour;
    int half; /* 0 before noon, 12 after, -1 where it is not said */
    int minute;
    int second;
    long fraction;
};

static int same_letters(const char *text, const char *word, int length)
{
    int i;

    for (i = 0; i < length; i++) {
        char c = text[i], w = word[i];
        c = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        w = (char)(w >= 'A' && w <= 'Z' ? w - 'A' + 'a' : w);
        if (c != w) {
            return 0;
        }
    }
    return 1;
}

/* The number of the word that a text begins with, of their first three letters alone where `is_short`. */
static int word_at(const char **text, const char *const *words, int count, int is_short)
{
    int i;

    for (i = 0; i < count; i++) {
        int length = is_short ? 3 : (int)strlen(words[i]);
        if (same_letters(*text, words[i], length)) {
            *text += length;
            return i;
        }
    }
    return -1;
}

/* How far it is from UTC, which changes nothing; whether it is well written. */
static int offset_at(const char **text)
{
    int hours, colon;

    if (**text == 'Z') {
        *text += 1;
        return 1;
    }
    if (**text != '+' && **text != '-') {
        return 0;
    }
    *text += 1;
    hours = digits(text, 2);
    colon = **text == ':';
    *text += colon;
    if (hours < 0 || hours >= 24 || **text > '5' || digits(text, 2) < 0) {
        return 0;
    }
    if ((**text == ':') == colon && is_digit((*text)[colon]) && (*text)[colon] <= '5' && is_digit((*text)[colon + 1])) {
        *text += colon + 2;
        if (**text == '.' && is_digit((*text)[1])) {
            *text += 1;
            return microseconds(text, 6) >= 0;
        }
    }
    return 1;
}

static const char *read_as(const char *text, const char *form, struct reading *found);

/* A number of one or two digits between two limits, and what follows it; of one digit where two do not go on. */
static const char *small_number(const char *text, const char *rest, struct reading *found, int *value, int low, int high)
{
    const char *end;
    int length;

    for (length = 2; length > 0; length--) {
        const char *at = text;
        *value = digits(&at, length);
        if (*value >= low && *value <= high && (end = read_as(at, rest, found)) != NULL) {
            return end;
        }
    }
    return NULL;
}

/* Other directives. */
static const char *special(const char *text, const char *form, struct reading *found)
{
    static const char *const months[12] = {"january", "february", "march", "april", "may", "june", "july",
        "august", "september", "october", "november", "december"};
    static const char *const days[7] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
        "sunday"};
    const char *at = text, *end;
    int length;

    switch (*form) {
    case 'Y':
        found->year = digits(&at, 4);
        return found->year < 0 ? NULL : read_as(at, form + 1, found);
    case 'y':
        found->year = digits(&at, 2);
        found->year += found->year <= 68 ? 2000 : 1900;
        return at == text ? NULL : read_as(at, form + 1, found);
    case 'b':
    case 'B':
        found->month = 1 + word_at(&at, months, 12, *form == 'b');
        return at == text ? NULL : read_as(at, form + 1, found);
    case 'a':
    case 'A':
        return word_at(&at, days, 7, *form == 'a') < 0 ? NULL : read_as(at, form + 1, found);
    case 'p':
        if (!same_letters(text, "am", 2) && !same_letters(text, "pm", 2)) {
            return NULL;
        }
        found->half = *text == 'p' || *text == 'P' ? 12 : 0;
        return read_as(text + 2, form + 1, found);
    case 'j':
        for (length = 3; length > 0; length--) {
            at = text;
            found->day_of_year = digits(&at, length);
            if (found->day_of_year >= 1 && found->day_of_year <= 366
                && (end = read_as(at, form + 1, found)) != NULL) {
                return end;
            }
        }
        return NULL;
    case 'f':
        for (length = 0; length < 6 && is_digit(text[length]); length++) {
            found->fraction = 0;
        }
        for (; length > 0; length--) {
            long unit = 100000;
            int i;
            for (i = 0, found->fraction = 0; i < length; i++, unit /= 10) {
                found->fraction += unit * (text[i] - '0');
            }
            if ((end = read_as(text + length, form + 1, found)) != NULL) {
                return end;
            }
        }
        return NULL;
    case 'z':
        return offset_at(&at) ? read_as(at, form + 1, found) : NULL;
    default:
        return *text == '%' ? read_as(text + 1, form + 1, found) : NULL;
    }
}

/* What is left of a text once it has been read as a format, NULL where it is not written so. */
static const char *read_as(const char *text, const char *form, struct reading *found)
{
    if (*form == '\0') {
        return text;
    }
    if (is_space(*form)) {
        return is_space(*text) ? read_as(after_spaces(text), after_spaces(form), found) : NULL;
    }
    if (*form != '%') {
        return same_letters(text, form, 1) ? read_as(text + 1, form + 1, found) : NULL;
    }
    form += 2;
    switch (form[-1]) {
    case 'm':
        return small_number(text, form, found, &found->month, 1, 12);
    case 'd':
        return small_number(text + (text[0] == ' ' && text[1] != '0'), form, found, &found->day, 1, 31);
    case 'H':
        return small_number(text, form, found, &found->hour, 0, 23);
    case 'I':
        return small_number(text, form, found, &found->hour, 1, 12);
    case 'M':
        return small_number(text, form, found, &found->minute, 0, 59);
    case 'S':
        return small_number(text, form, found, &found->second, 0, 61);
    default:
        return special(text, form - 1, found);
    }
}

/* A date in a format of strptime. */
static int formatted_date(const char *text, const char *form, struct date *date)
{
    struct reading found = {1900, 1, 1, 0, 0, -1, 0, 0, 0};
    const char *end = read_as(after_spaces(text), form, &found);

    if (end == NULL || *after_spaces(end) != '\0') {
        return 0;
    }
    if (found.half >= 0) {
        found.hour = found.hour % 12 + found.half;
    }
    date->year = found.year;
    date->month = found.month;
    date->day = found.day;
    if (found.day_of_year > 0) {
        int left = found.day_of_year;
        for (date->month = 1; date->month < 12 && left > days_of_month(date->year, date->month); date->month++) {
            left -= days_of_month(date->year, date->month);
        }
        date->day = left;
        if (left > days_of_month(date->year, date->month)) { /* the 366th of 365 days */
            date->year++;
            date->month = date->day = 1;
        }
        if (date->year > 9999) {
            return 0;
        }
    }
    return is_date(date, found.hour, found.minute, found.second, found.fraction);
}
