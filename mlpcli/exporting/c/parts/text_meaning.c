/* A character, and what it is taken for: its canonical decomposition, or a plain space. */
struct folding {
    const char *from;
    const char *to;
};

/* A combining character and its class, by which such characters are put in order. */
struct mark {
    const char *bytes;
    int order;
};

@FOLDINGS@

@MARKS@

static int length_of_character(const char *text)
{
    unsigned char first = (unsigned char)*text;
    int length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, i;

    for (i = 1; i < length; i++) {
        if (text[i] == '\0') {
            return i;
        }
    }
    return length;
}

static const char *folded(const char *text, int length)
{
    int i;

    for (i = 0; i < FOLDINGS; i++) {
        if ((int)strlen(foldings[i].from) == length && strncmp(foldings[i].from, text, (size_t)length) == 0) {
            return foldings[i].to;
        }
    }
    return NULL;
}

static int order_of(const char *text, int length)
{
    int i;

    for (i = 0; i < MARKS; i++) {
        if ((int)strlen(marks[i].bytes) == length && strncmp(marks[i].bytes, text, (size_t)length) == 0) {
            return marks[i].order;
        }
    }
    return 0;
}

/* Puts combining characters that follow each other in the order of their classes. */
static void put_in_order(char *text)
{
    char *at = text;

    while (*at != '\0') {
        int first = length_of_character(at), second;
        int before = order_of(at, first), after;
        char one[4];
        if (at[first] == '\0') {
            return;
        }
        second = length_of_character(at + first);
        after = order_of(at + first, second);
        if (after > 0 && before > after) {
            memcpy(one, at, (size_t)first);
            memmove(at, at + first, (size_t)second);
            memcpy(at + second, one, (size_t)first);
            at = text; /* from the front again: there are few */
        } else {
            at += first;
        }
    }
}

/* What all programs might have written, else the text with composed characters taken apart, and plain spaces. */
static int text_meaning(const char *text, char *out, int size)
{
    int length = 0;

    if (plain_word(text, out, size)) {
        return 1;
    }
    while (*text != '\0') {
        int own = length_of_character(text);
        const char *to = folded(text, own);
        int more = to == NULL ? own : (int)strlen(to);
        if (length + more >= size) {
            return 0;
        }
        memcpy(out + length, to == NULL ? text : to, (size_t)more);
        length += more;
        text += own;
    }
    out[length] = '\0';
    put_in_order(out);
    return 1;
}
