/* z tanh(log(1 + e^z)); `cap` bounds what is raised to a power. */
static double mish_of(double cap, double z)
{
    double e = exp(z > 0.5 * cap ? 0.5 * cap : z);

    return z * (e / (2.0 / (e + 2.0) + e));
}
