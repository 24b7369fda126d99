// Text of floating point numbers: in the static program it comes from third_party/compat/to_chars.cpp, and must be what the library's would be.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <format>
#include <limits>

TEST_CASE("float text: the shortest form that reads back as the same number", "[format]") {
  CHECK(std::format("{} {} {} {}", 0.0, -0.0, 1.0, 0.1) == "0 -0 1 0.1");
  CHECK(std::format("{} {}", 0.30000000000000004, 0.1f) == "0.30000000000000004 0.1");
  CHECK(std::format("{} {} {} {}", 1e5, 123456.0, 1e-4, 0.001) == "1e+05 123456 1e-04 0.001");
  CHECK(std::format("{} {}", 5e-324, std::numeric_limits<double>::max()) == "5e-324 1.7976931348623157e+308");
  CHECK(std::format("{} {} {}", INFINITY, -INFINITY, NAN) == "inf -inf nan");
}

TEST_CASE("float text: with a precision, a width or a form", "[format]") {
  CHECK(std::format("{:.2f}|{:8.1f}|{:e}|{:.3g}|{:g}", 2.345, 2.25, 1234.5, 1234.5, 0.5) == "2.35|     2.2|1.234500e+03|1.23e+03|0.5");
  CHECK(std::format("{:.1f}", 1e200).size() == 202);  // more than the first buffer of std::format holds
  CHECK(std::format("{:a}", 1.5) == "1.8p+0");
}
