#include "api/guid.h"

#include <catch2/catch_test_macros.hpp>

using namespace api;

TEST_CASE("GUIDs are known by name in several spellings", "[api]") {
  const std::string global = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
  CHECK(guid_name(global) == "EFI_GLOBAL_VARIABLE");
  CHECK(guid_name("00000000-0000-0000-0000-000000000001") == "00000000-0000-0000-0000-000000000001");
  for (const char* text : {"EFI_GLOBAL_VARIABLE", "EfiGlobalVariable", "efi-global-variable-guid", "8BE4DF61-93CA-11D2-AA0D-00E098032B8C", "{8be4df61-93ca-11d2-aa0d-00e098032b8c}",
                           "8be4df6193ca11d2aa0d00e098032b8c", "urn:uuid:8be4df61-93ca-11d2-aa0d-00e098032b8c"})
    CHECK(guid_of(text).value() == global);
  CHECK(guid_of("Microsoft").value() == "77fa9abd-0359-4d32-bd60-28f4e78f784b");
  CHECK(guid_of("BmHardDriveBootVariable").value() == "fab7e9e1-39dd-4f2b-8408-e20e906cb6de");
  for (const char* text : {"", "nothing", "8be4df61", "8be4df61-93ca-11d2-aa0d-00e098032b8g"}) CHECK_FALSE(guid_of(text));
}

TEST_CASE("Variables are named with and without their GUID", "[api]") {
  const std::string global = "8be4df61-93ca-11d2-aa0d-00e098032b8c", other = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
  auto check = [](const std::string& text, const std::string& guid, const std::string& name) {
    auto found = variable_name(text);
    REQUIRE(found);
    CHECK(found->guid == guid);
    CHECK(found->name == name);
  };
  check("Timeout", global, "Timeout");
  check("with-dashes", global, "with-dashes");
  check(other + ":db", other, "db");
  check("EfiImageSecurityDatabase:db:x", other, "db:x");
  check(other + "-db", other, "db");
  check("db-" + other, other, "db");
  CHECK_FALSE(variable_name("nothing:db"));
}
