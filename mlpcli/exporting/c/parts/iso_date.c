/* A date as ISO 8601 has it: 2024-01-31, then perhaps T18:05, :30, .5, and how far it is from UTC. */
static int iso_date(const char *text, struct date *date)
{
    int hour = 0, minute = 0, second = 0, hours, minutes;
    long fraction = 0;

    text = after_spaces(text);
    date->year = digits(&text, 4);
    if (date->year < 0 || *text++ != '-' || (date->month = digits(&text, 2)) < 0 || *text++ != '-'
        || (date->day = digits(&text, 2)) < 0) {
        return 0;
    }
    if ((text[0] == 'T' || text[0] == ' ') && is_digit(text[1])) {
        text++;
        hour = digits(&text, 2);
        if (hour < 0 || *text++ != ':' || (minute = digits(&text, 2)) < 0) {
            return 0;
        }
        if (*text == ':') {
            text++;
            second = digits(&text, 2);
            if (second < 0) {
                return 0;
            }
            if (*text == '.' || *text == ',') {
                text++;
                fraction = microseconds(&text, 9);
                if (fraction < 0) {
                    return 0;
                }
            }
        }
        if (*text == 'Z') {
            text++;
        } else if (*text == '+' || *text == '-') {
            text++;
            hours = digits(&text, 2);
            minutes = 0;
            if (hours >= 0 && *text != '\0' && !is_space(*text)) {
                text += *text == ':';
                minutes = digits(&text, 2);
            }
            if (hours < 0 || minutes < 0 || 60 * hours + minutes >= 24 * 60) {
                return 0;
            }
        }
    }
    return *after_spaces(text) == '\0' && is_date(date, hour, minute, second, fraction);
}
