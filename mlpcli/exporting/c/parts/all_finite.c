static int all_finite(const double *numbers, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        if (!isfinite(numbers[i])) {
            return 0;
        }
    }
    return 1;
}
