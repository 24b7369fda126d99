// Which words complete where, as far as no server is asked.
#include <catch2/catch_test_macros.hpp>

#include "applets/cli/complete.h"
#include "applets/cli/tree.h"

using namespace cli;

namespace {

/// The offers for `typed` after these arguments of the command.
Offers offers_for(std::string_view path, const StringList& words, const std::string& typed) {
  Config config;
  config.default_remote = "nowhere";
  config.remotes["nowhere"] = {.addresses = {"unix:///nonexistent/socket"}};
  config.remotes["far"] = {.addresses = {"unix:///nonexistent/socket"}};
  const Command* command = find_path(path);
  REQUIRE(command);
  Flags flags;
  flags.declare(command->flags);
  flags.declare(global_flags());
  Call call(*command, flags, config);
  Offers offers;
  offers.typed = typed;
  complete_arguments(call, words, offers);
  return offers;
}

bool offers_word(const Offers& offers, std::string_view word) {
  for (const Offers::Offer& offer : offers.list()) {
    if (offer.word == word) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("completion: remotes, and what follows them", "[cli]") {
  Offers offers = offers_for("storage volume show", {}, "");
  CHECK(offers_word(offers, "far:"));
  CHECK((offers.directive() & kOfferNoSpace));
  offers = offers_for("storage volume show", {"default"}, "");
  CHECK(offers_word(offers, "custom/"));
  CHECK_FALSE(offers_word(offers, "far:"));
  CHECK(offers_for("remote rename", {}, "f").list().size() == 1);
}

TEST_CASE("completion: config keys with = and their values", "[cli]") {
  Offers offers = offers_for("config set", {"far:c1"}, "security.nest");
  CHECK(offers_word(offers, "security.nesting="));
  CHECK((offers.directive() & kOfferNoSpace));
  CHECK(offers_word(offers_for("config set", {"far:c1"}, "security.nesting=t"), "security.nesting=true"));
  CHECK(offers_word(offers_for("config get", {}, "core.https"), "core.https_address"));
  CHECK(offers_word(offers_for("config get", {"c1"}, "limits.cp"), "limits.cpu"));
  CHECK(offers_word(offers_for("project set", {"p1"}, "restricted="), "restricted=true"));
}

TEST_CASE("completion: device types and local files", "[cli]") {
  CHECK(offers_word(offers_for("config device add", {"c1", "d1"}, ""), "disk"));
  CHECK(offers_word(offers_for("config device add", {"c1", "d1", "disk"}, "path"), "path="));
  CHECK_FALSE((offers_for("file push", {}, "").directive() & kOfferNoFiles));
  CHECK((offers_for("profile rename", {"a"}, "").directive() & kOfferNoFiles));
}
