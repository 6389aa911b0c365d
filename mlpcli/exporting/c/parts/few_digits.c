/* From a number in single precision to the next one. */
static double spacing(double x)
{
    int power;

    if (!isfinite(x)) {
        return NAN;
    }
    (void)frexp(x, &power);
    return fmax(ldexp(1.0, power - 24), 1.401298464324817e-45);
}

/* A number scale z + center of a z in single precision, with no more digits than tell it from the next one. With
   all of them where single precision near it would be coarser than z, and where it is very large or small. */
static double few_digits(double number, double center, double scale)
{
    static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
        1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double size = fabs((double)rounded(number)), found = size;
    double known = (double)rounded(fmax(fabs(number - center), 8192.0 * scale));
    int place, digits;

    if (!(size >= 1e-14 && size < 1e22 && spacing(size) <= 2.0 * spacing(known))) {
        return number;
    }
    place = (int)floor(log10(size));
    for (digits = 6; digits < 10; digits++) {
        int after = digits - 1 - place;
        double ten = tens[after < 0 ? -after : after];
        found = after < 0 ? rint(size / ten) * ten : rint(size * ten) / ten;
        if ((double)rounded(found) == size) {
            break;
        }
    }
    return copysign(found, number);
}

/* Numbers in the target's units, likewise. */
static void shorten(double *numbers, const struct units *units, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        double y = numbers[i];
        y = few_digits(y, CENTER_AT(y, units[i].center), SCALE_AT(y, units[i].scale));
        numbers[i] = units[i].bounded ? fmin(fmax(y, units[i].least), units[i].largest) : y;
    }
}
