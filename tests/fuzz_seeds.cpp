// Every fuzz target (tests/fuzz) over its seeds, which hold what once crashed or hung one: each has to end, and quickly. Part of unit_tests; run from
// the source's folder.
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>

#include "tests/fuzz/seed_file.h"

#define FUZZ_TARGET(name) extern "C" int fuzz_##name(const uint8_t* data, size_t size);
#include "fuzz_targets.def"
#undef FUZZ_TARGET

namespace {

struct Target {
  const char* name;
  int (*run)(const uint8_t* data, size_t size);
};
constexpr Target kTargets[] = {
#define FUZZ_TARGET(name) {#name, fuzz_##name},
#include "fuzz_targets.def"
#undef FUZZ_TARGET
};

}  // namespace

TEST_CASE("fuzz targets: their seeds", "[fuzz]") {
  for (const Target& target : kTargets) {
    INFO(target.name);
    auto seeds = read_seeds(std::string("tests/fuzz/seeds/") + target.name);
    REQUIRE(!seeds.empty());
    for (std::string seed : seeds) {
      INFO(seed.substr(0, 60));
      CHECK(target.run(reinterpret_cast<const uint8_t*>(seed.data()), seed.size()) == 0);
      // Cut short: what parsers meet when a peer goes away.
      CHECK(target.run(reinterpret_cast<const uint8_t*>(seed.data()), seed.size() / 2) == 0);
    }
  }
}
