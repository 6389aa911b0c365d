static void copy(const real *x, real *z, int units)
{
    memcpy(z, x, (size_t)units * sizeof *z);
}
