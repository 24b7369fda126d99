// Signature lists: what the specification's form says, and what guests may write instead.
#include "instance/qemu/signature_list.h"

#include <catch2/catch_test_macros.hpp>

#include "instance/nvram.h"

using namespace instance;

namespace {

const Json kLists = Json::parse(R"([
  {"type": "sha1", "entries": [{"owner": "605dab50-e046-4300-abb6-3dd810dd8b23", "data": "AAECAwQFBgcICQoLDA0ODxAREhM="},
                               {"owner": "8be4df61-93ca-11d2-aa0d-00e098032b8c", "data": "EBECAwQFBgcICQoLDA0ODxAREhM="}]},
  {"type": "x509", "header": "aGVhZA==", "entries": [{"owner": "605dab50-e046-4300-abb6-3dd810dd8b23", "data": "MAMC"}]}])");

void put_size(std::string& out, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; i++) out[at + i] = static_cast<char>(value >> (8 * i));
}

}  // namespace

TEST_CASE("Signature lists become bytes and come back", "[qemu]") {
  std::string bytes = signature_lists_bytes(kLists).value();
  CHECK(bytes.size() == 28 + 2 * 36 + 28 + 4 + 19);
  CHECK(bytes.substr(16, 12) == std::string("\x64\0\0\0\0\0\0\0\x24\0\0\0", 12));
  CHECK(bytes.substr(28, 4) == "\x50\xab\x5d\x60");
  CHECK(parse_signature_lists(bytes).value() == kLists);
  CHECK(parse_signature_lists("").value() == Json::array());
  CHECK(signature_lists_bytes(Json()).value().empty());
  // Variables are known by name.
  CHECK(nvram_value("d719b2cb-3d3a-4596-a3bc-dad00e67656f", "dbx", bytes) == kLists);
  CHECK(nvram_data("605dab50-e046-4300-abb6-3dd810dd8b23", "MokList", kLists).value() == bytes);
  CHECK(nvram_value("8be4df61-93ca-11d2-aa0d-00e098032b8c", "PK", "damaged").is_null());
}

TEST_CASE("Sizes that do not fit are refused", "[qemu]") {
  std::string good = signature_lists_bytes(kLists).value();
  for (size_t length = 1; length < good.size(); length++) CHECK(parse_signature_lists(good.substr(0, length)).has_value() == (length == 100));
  for (size_t at : {16, 20, 24})  // of the list, its header, an entry
    for (uint32_t value : {1U, 15U, 27U, 35U, 0x7fffffffU, 0x80000000U, 0xfffffff0U, 0xffffffffU}) {
      std::string bad = good;
      put_size(bad, at, value);
      INFO(at << " " << value);
      CHECK_FALSE(parse_signature_lists(bad));
    }
  for (size_t at : {16, 24}) {
    std::string bad = good;
    put_size(bad, at, 0);
    CHECK_FALSE(parse_signature_lists(bad));
  }
  std::string unknown = good;
  unknown[0] = '\x55';
  CHECK_FALSE(parse_signature_lists(unknown));
}

TEST_CASE("What is no signature list is refused", "[qemu]") {
  for (const char* bad : {R"({})", R"([1])", R"(["x509"])", R"([{"type": "none"}])", R"([{"type": "x509", "entries": [1]}])", R"([{"type": "x509", "header": "?"}])",
                          R"([{"type": "x509", "entries": [{"owner": "nobody", "data": ""}]}])",
                          R"([{"type": "x509", "entries": [{"owner": "605dab50-e046-4300-abb6-3dd810dd8b23", "data": "?"}]}])",
                          R"([{"type": "x509", "entries": [{"owner": "605dab50-e046-4300-abb6-3dd810dd8b23", "data": "AA=="},
                                                           {"owner": "605dab50-e046-4300-abb6-3dd810dd8b23", "data": "AAAA"}]}])"}) {
    INFO(bad);
    CHECK_FALSE(signature_lists_bytes(Json::parse(bad)));
  }
}
