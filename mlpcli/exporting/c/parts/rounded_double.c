/* A number in the precision of the network, which is that of all numbers here. */
static real rounded(double x)
{
    return x;
}
