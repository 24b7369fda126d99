// The store of firmware variables, made here byte by byte, and what guests may write into it.
#include "instance/nvram.h"

#include <catch2/catch_test_macros.hpp>

#include "base/encode.h"

using namespace instance;

namespace {

constexpr const char* kGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

void put(std::string& out, size_t at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) out[at + i] = static_cast<char>(value >> (8 * i));
}

std::string hex(const char* text) { return *hex_decode(text); }

/// A volume of 8 KiB, of which 4 KiB are for variables, as OVMF makes it.
std::string empty_store() {
  std::string out(8192, '\xff');
  out.replace(0, 16, std::string(16, '\0'));
  out.replace(16, 16, hex("8d2bf1ff96768b4ca9852747075b4f50"));
  put(out, 32, out.size(), 8);
  out.replace(40, 4, "_FVH");
  put(out, 44, 0x4feff, 4);
  put(out, 48, 72, 2);
  for (auto [at, value] : {std::pair{52, 0x02000000}, {56, 2}, {60, 4096}, {64, 0}, {68, 0}}) put(out, static_cast<size_t>(at), static_cast<uint64_t>(value), 4);
  out.replace(72, 16, hex("782cf3aa7b949a43a1802e144ec37792"));
  put(out, 88, 4096 - 72, 4);
  put(out, 92, 0xfe5a, 8);
  return out;
}

}  // namespace

TEST_CASE("Firmware variables go into the store and come out again", "[qemu]") {
  std::string store = empty_store();
  CHECK(parse_nvram(store).value().empty());
  FirmwareVariables wanted;
  wanted[kGlobal]["Timeout"] = {.attributes = 7, .timestamp = std::nullopt, .data = std::string("\5\0", 2)};
  wanted[kGlobal]["BootOrder"] = {.attributes = 7, .timestamp = std::nullopt, .data = std::string("\1\0\xa\0\0", 4)};
  wanted["c12a7328-f81f-11d2-ba4b-00a0c93ec93b"]["signed"] = {.attributes = 0x27, .timestamp = Timestamp::from_unix(1700000000), .data = "odd", .count = 3, .key_index = 9};
  auto written = replace_nvram(store, wanted);
  REQUIRE(written);
  CHECK(written->size() == store.size());
  CHECK(written->substr(4096) == store.substr(4096));
  CHECK(written->substr(0, 100) == store.substr(0, 100));
  auto back = parse_nvram(*written);
  REQUIRE(back);
  REQUIRE(back->size() == 2);
  auto& global = (*back)[kGlobal];
  CHECK(global["Timeout"].data == std::string("\5\0", 2));
  CHECK_FALSE(global["Timeout"].timestamp);
  auto& odd = (*back)["c12a7328-f81f-11d2-ba4b-00a0c93ec93b"]["signed"];
  CHECK(odd.data == "odd");
  CHECK(odd.count == 3);
  CHECK(odd.key_index == 9);
  CHECK(odd.attributes == 0x27);
  CHECK(odd.timestamp == Timestamp::from_unix(1700000000));
  // What was read is written as it was.
  CHECK(replace_nvram(*written, *back).value() == *written);
}

TEST_CASE("Variables that were replaced do not count, one whose successor is missing does", "[qemu]") {
  std::string store = replace_nvram(empty_store(), {{kGlobal, {{"Timeout", {.attributes = 7, .timestamp = std::nullopt, .data = "ab"}}}}}).value();
  size_t state = 72 + 28 + 2;
  store[state] = '\x3d';  // deleted
  CHECK(parse_nvram(store).value().empty());
  store[state] = '\x3e';
  CHECK(parse_nvram(store).value().at(kGlobal).at("Timeout").data == "ab");
}

TEST_CASE("Stores that make no sense are refused", "[qemu]") {
  std::string good = replace_nvram(empty_store(), {{kGlobal, {{"Timeout", {.attributes = 7, .timestamp = std::nullopt, .data = "ab"}}}}}).value();
  for (size_t length : {size_t{0}, size_t{50}, size_t{99}, good.size() - 1}) CHECK_FALSE(parse_nvram(good.substr(0, length)));
  for (size_t at : {16, 32, 41, 48, 72, 88}) {  // guid, length, signature, header size, guid, store size
    std::string bad = good;
    bad[at + (at == 48 ? 1 : 0)] = '\x7f';
    if (at == 88) put(bad, at, 1 << 30, 4);
    CHECK_FALSE(parse_nvram(bad));
  }
  for (size_t field : {36, 40}) {  // sizes of name and data
    std::string bad = good;
    put(bad, 100 + field, 0xffffffff, 4);
    CHECK_FALSE(parse_nvram(bad));
    put(bad, 100 + field, 4000, 4);
    CHECK_FALSE(parse_nvram(bad));
  }
  // Whatever a byte becomes: an answer or a refusal.
  for (size_t at = 0; at < 200; at++)
    for (char value : {'\0', '\xff', '\x55'}) {
      std::string bad = good;
      bad[at] = value;
      (void)parse_nvram(bad);
    }
  CHECK_FALSE(replace_nvram(good, {{kGlobal, {{"Big", {.attributes = 7, .timestamp = std::nullopt, .data = std::string(4096, 'x')}}}}}));
  CHECK_FALSE(replace_nvram(good, {{"no-guid", {{"Name", {.attributes = 7, .timestamp = std::nullopt, .data = "x"}}}}}));
}

TEST_CASE("Variables of known forms are shown and written as values", "[qemu]") {
  CHECK(nvram_value(kGlobal, "BootOrder", std::string("\1\0\x0a\0", 4)) == Json({"Boot0001", "Boot000A"}));
  CHECK(nvram_data(kGlobal, "BootOrder", Json({"Boot0001", "boot000a"})).value() == std::string("\1\0\x0a\0", 4));
  CHECK(nvram_value(kGlobal, "Timeout", std::string("\3\0", 2)) == Json(3));
  CHECK(nvram_data(kGlobal, "Timeout", 3).value() == std::string("\3\0", 2));
  CHECK(nvram_value(kGlobal, "PlatformLang", std::string("en\0", 3)) == Json("en"));
  CHECK(nvram_value(kGlobal, "Timeout", "x").is_null());
  CHECK(nvram_value(kGlobal, "Boot0001", "x").is_null());
  for (const Json& bad : {Json(-1), Json(70000), Json("x"), Json()}) CHECK_FALSE(nvram_data(kGlobal, "Timeout", bad));
  for (const Json& bad : {Json("Boot0001"), Json({"Driver0001"}), Json({1})}) CHECK_FALSE(nvram_data(kGlobal, "BootOrder", bad));
  CHECK_FALSE(nvram_data(kGlobal, "Boot0001", "x"));
  CHECK(attributes_of({"NON_VOLATILE", "RUNTIME_ACCESS", "nonsense"}) == 5);
  CHECK(attribute_names(5) == StringList{"NON_VOLATILE", "RUNTIME_ACCESS"});
}
