/* The place of the first largest number. */
static int largest(const double *numbers, int count)
{
    int i, found = 0;

    for (i = 1; i < count; i++) {
        if (numbers[i] > numbers[found]) {
            found = i;
        }
    }
    return found;
}
