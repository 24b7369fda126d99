// Names of instances and snapshots: the rules, and names for those who give none.
#include <array>

#include "base/encode.h"
#include "instance/create.h"

namespace instance {
namespace {

constexpr std::array kWords = {
    "able", "amber", "apt", "azure", "bold", "brave", "brief", "bright", "brisk", "calm", "clean", "clear", "clever", "cool", "coral", "crisp",
    "deep", "eager", "early", "easy", "fair", "fast", "fine", "firm", "fleet", "fond", "free", "fresh", "gentle", "glad", "golden", "good",
    "grand", "green", "handy", "happy", "hardy", "honest", "humble", "jolly", "keen", "kind", "large", "light", "lively", "loyal", "lucky", "mellow",
    "merry", "mild", "neat", "new", "nimble", "noble", "novel", "open", "patient", "plain", "polite", "proud", "pure", "quick", "quiet", "rapid",
    "rare", "ready", "real", "rich", "right", "robust", "royal", "safe", "sharp", "silent", "silver", "simple", "smart", "smooth", "snug", "solid",
    "sound", "stable", "steady", "sunny", "super", "sure", "swift", "tidy", "tough", "true", "trusty", "vast", "vivid", "warm", "wise", "young"};
constexpr std::array kAnimals = {
    "adder", "alpaca", "ant", "badger", "bat", "bear", "beaver", "bee", "bison", "boar", "bobcat", "buck", "camel", "carp", "cat", "cod",
    "colt", "condor", "cougar", "crab", "crane", "crow", "deer", "dingo", "dove", "duck", "eagle", "eel", "egret", "elk", "falcon", "fawn",
    "ferret", "finch", "fox", "frog", "gazelle", "gecko", "gibbon", "goose", "grouse", "gull", "hare", "hawk", "heron", "hornet", "ibex", "ibis",
    "jackal", "jay", "kite", "koala", "lark", "lemur", "lion", "lizard", "llama", "lynx", "magpie", "marten", "mink", "mole", "moose", "moth",
    "mouse", "newt", "ocelot", "orca", "osprey", "otter", "owl", "panda", "parrot", "perch", "pigeon", "pike", "pony", "puffin", "puma", "quail",
    "rabbit", "raven", "robin", "salmon", "seal", "shark", "shrew", "skunk", "sloth", "snail", "stork", "swan", "swift", "tapir", "tiger", "toad"};

size_t pick(size_t count) {
  std::string bytes = random_bytes(2);
  return (static_cast<uint8_t>(bytes[0]) * 256u + static_cast<uint8_t>(bytes[1])) % count;
}

}  // namespace

Result<> check_name(const std::string& name) {
  auto bad = [](std::string_view why) { return fail(Code::invalid, "Invalid instance name: {}", why); };
  if (name.contains('/')) return fail(Code::invalid, "The character \"/\" is reserved for snapshots");
  if (name.empty() || name.size() > 63) return bad("Name must be 1-63 characters long");
  if (name.starts_with('-')) return bad("Name must not start with \"-\" character");
  if (name.ends_with('-')) return bad("Name must not end with \"-\" character");
  if (parse_uint(name)) return bad("Name cannot be a number");
  for (char c : name)
    if (!isalnum(static_cast<unsigned char>(c)) && c != '-') return bad("Name can only contain alphanumeric and hyphen characters");
  return {};
}

Result<> check_snapshot_name(const std::string& name) {
  if (name.empty()) return fail(Code::invalid, "Invalid instance snapshot name: Cannot be empty");
  if (name.find_first_of(" /") != std::string::npos) return fail(Code::invalid, "Invalid instance snapshot name: Cannot contain space or / characters");
  if (name == "." || name == ".." || name.size() > 128) return fail(Code::invalid, "Invalid instance snapshot name {}", quote(name));
  return {};
}

Result<std::string> free_name(const Manager& manager, const std::string& project) {
  for (int i = 0; i < 100; i++) {
    std::string name = std::format("{}-{}", kWords[pick(kWords.size())], kAnimals[pick(kAnimals.size())]);
    if (!manager.find(project, name)) return name;
  }
  return fail(Code::internal, "Couldn't generate a new unique name after 100 tries");
}

}  // namespace instance
