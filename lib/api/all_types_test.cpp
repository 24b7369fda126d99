#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "api/all_types.h"
#include "base/strings.h"

// Run from the top of the checkout. The golden list is written from the published REST description: a member that vanishes or is misspelt fails here.
TEST_CASE("every published model member has a field") {
  std::ifstream golden("tests/golden/api-types.tsv");
  REQUIRE(golden);
  int rows = 0;
  for (std::string line; std::getline(golden, line);) {
    if (line.empty() || line[0] == '#') continue;
    StringList parts = split(line, '\t');
    REQUIRE(parts.size() == 3);
    auto type = std::ranges::find(api::all_types(), parts[0], &api::NamedType::name);
    INFO(line);
    REQUIRE(type != api::all_types().end());
    CHECK(std::ranges::find(*type->fields, parts[1], &api::Field::name) != type->fields->end());
    rows++;
  }
  CHECK(rows > 1000);
}
