/* The levels of a column. `indices` are those of `texts`, which are sorted; so are what they mean, `keys`. */
struct levels {
    int count;
    const char *const *texts;
    const int *indices;
    int meanings;
    const char *const *keys;
    const int *of_keys;
    int (*meaning)(const char *text, char *out, int size); /* 0 where there is none */
    int absent;
    int unseen;
};

/* The level of a text, which is NULL where it is missing: -1 is none, FAULT one that cannot be used. */
static int level_of(const char *text, const struct levels *levels)
{
    char meaning[LONGEST];
    int place;

    if (text == NULL) {
        return levels->absent;
    }
    place = find(text, levels->texts, levels->count);
    if (place >= 0) {
        return levels->indices[place];
    }
    if (levels->meaning != NULL && levels->meaning(text, meaning, LONGEST)) {
        place = find(meaning, levels->keys, levels->meanings);
    }
    return place < 0 ? levels->unseen : levels->of_keys[place];
}
