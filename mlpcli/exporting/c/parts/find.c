/* The place of a text among sorted ones, -1 where it is none of them. */
static int find(const char *text, const char *const *texts, int count)
{
    int low = 0, high = count - 1;

    while (low <= high) {
        int middle = low + (high - low) / 2, order = strcmp(text, texts[middle]);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            high = middle - 1;
        } else {
            low = middle + 1;
        }
    }
    return -1;
}
