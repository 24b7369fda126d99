// The engine beneath std::format, once for the whole program: every other file leaves it out (scripts/precompile.sh says why).
#include <format>
#include <locale>

#ifdef FORMAT_ENGINE
template FORMAT_ENGINE;
#endif
