"""Words and signs that people write beside numbers: currencies, units; and what only looks like one."""

from __future__ import annotations

import unicodedata


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# codes of ISO 4217 that are no words; and what is written in their place
CURRENCIES = _words(
    """
    USD EUR GBP JPY CNY RMB INR AUD CAD NZD CHF SEK NOK DKK ISK PLN CZK HUF RON BGN RSD RUB UAH ILS AED
    SAR QAR KWD EGP MAD ZAR NGN KES GHS BRL MXN ARS CLP UYU KRW TWD HKD SGD MYR THB IDR PHP VND PKR BDT
    LKR NPR KZT US$ A$ AU$ C$ CA$ NZ$ HK$ S$ NT$ R$ MX$ Rs Rs. RS. rs. Rp Rp. RM kr kr. Kr Kr. KR zł
    Kč Ft lei TL Fr. SFr. S/ S/. euro euros Euro Euros dollar dollars Dollar Dollars cent cents pounds
    rupees yen yuan won
    """
)
# compared without blanks, and without regard to upper and lower case
UNITS = _words(
    """
    % ‰ " ” ″ ' ′ pct percent percent. pp bps + x ° °c °f °k c f deg degrees degc degf celsius
    fahrenheit kelvin mm cm dm m km mi mile miles ft ft. feet foot in in. inch inches yd yards nm µm μm
    um ly au pt px dpi ppi m² m2 m^2 m³ m3 m^3 cm² cm2 cm³ cm3 mm² mm2 km² km2 km^2 ft² ft2 ft³ in² sqm
    sqft sqkm sq.ft sq.ft. sq.m sqmi cuft cum floz ha hectares acre acres mg g gr gm gms gram grams kg
    kg. kgs kilo kilos kilogram kilograms t ton tons tonne tonnes lb lbs lbs. lbm oz oz. ounces pound ct
    carat carats ml cl dl l ltr litre litres liter liters cc ccm gal gallon gallons qt pint pints bbl ms
    µs us ns s sec secs second seconds min min. mins minute minutes h hr hrs hour hours d day days w wk
    week weeks mo mos mon mth mths month months y yr yrs yrs. year years yearsold yo y/o km/h kmh kph
    mph m/s knots kn kts kmpl km/l km/kg kmpkg mpg l/100km kwh/100km g/km wh/km rpm w kw kwh mw mwh gw
    wh v kv mv a ma mah ah ω ohm ohms hp bhp ps cv kva j kj mj kcal cal cals calories n nm kgm pa hpa
    kpa mpa bar mbar psi atm mmhg db dba hz khz mhz ghz lm lux lx cd k nit nits b kb mb gb tb pb kib mib
    gib tib bit bits byte bytes kbps mbps gbps mb/s gb/s kbit/s mbit/s mp megapixel megapixels fps ppm
    ppb mg/l g/l µg/l ug/l mmol/l µmol/l umol/l mg/dl g/dl iu u/l µg/m³ ug/m3 µg/m3 mol mmol mn mio mrd
    bn million millions mil billion billions thousand lakh lakhs crore crores cr p pcs pc pieces piece
    unit units person persons people room rooms bed beds bedroom bedrooms bath baths seats doors floors
    pages page words views likes votes reviews ratings installs times points pts goals stars cores cyl
    cylinders gears steps
    """
)
# what stands after a number and makes something else of it: ranks, times of day, dates
NO_UNITS = _words(
    """
    st nd rd th º ª er ème e. am pm a.m. p.m. a.m p.m uhr o'clock bc ad bce ce q jan feb mar apr may jun
    jul aug sep sept oct nov dec january february march april june july august september october
    november december tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
    """
)


def is_currency(text: str) -> bool:
    """Whether a text is the sign, the code or the name of a currency."""
    return text in CURRENCIES or (len(text) == 1 and unicodedata.category(text) == "Sc")


def is_unit(text: str) -> bool:
    """Whether a text is a unit that is known, alone or of another, such as `USD/month`, `/mo` and `kg/m2`."""
    first, slash, rest = text.partition("/")
    return _is_plain(text) or bool(slash and (not first.strip() or _is_plain(first)) and _is_plain(rest))


def _is_plain(text: str) -> bool:
    return is_currency(text.strip()) or "".join(text.split()).casefold() in UNITS
