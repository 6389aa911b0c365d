/* A number in the precision of the network, infinite where it is beyond that. */
static real rounded(double x)
{
    if (x >= 3.4028235677973366e38) {
        return HUGE_VALF;
    }
    return x <= -3.4028235677973366e38 ? -HUGE_VALF : (real)x;
}
