// Building and running nft scripts.
#include "network/firewall/nft.h"

#include <algorithm>

#include "api/json.h"
#include "sys/spawn.h"

namespace network::firewall {

bool available() {
  static const bool found = sys::find_program("nft").has_value();
  return found;
}

void Script::table(std::string_view family) {
  if (contains(tables_, family)) return;
  tables_.emplace_back(family);
  text_ += std::format("add table {} incus\n", family);
}

void Script::chain(std::string_view family, const std::string& name, std::string_view hook) {
  table(family);
  text_ += std::format("add chain {} incus {}", family, name);
  if (!hook.empty()) text_ += std::format(" {{ {} }}", hook);
  text_ += std::format("\nflush chain {} incus {}\n", family, name);
}

void Script::rule(std::string_view family, const std::string& chain, const std::string& rule) {
  text_ += std::format("add rule {} incus {} {}\n", family, chain, rule);
}

void Script::drop_chains(std::string_view family, const StringList& names) {
  table(family);
  // A chain must exist to be deleted, so it is added first; all are emptied before any is deleted because of the jumps between them.
  for (const std::string& name : names) text_ += std::format("add chain {0} incus {1}\nflush chain {0} incus {1}\n", family, name);
  for (const std::string& name : names) text_ += std::format("delete chain {} incus {}\n", family, name);
}

void Script::line(const std::string& command) { text_ += command + "\n"; }

void Script::set(std::string_view family, const std::string& name, std::string_view type, const StringList& elements) {
  table(family);
  text_ += std::format("add set {0} incus {1} {{ type {2}; flags interval; auto-merge; }}\nflush set {0} incus {1}\n", family, name, type);
  if (!elements.empty()) text_ += std::format("add element {} incus {} {{ {} }}\n", family, name, join(elements, ", "));
}

void Script::drop_set(std::string_view family, const std::string& name, std::string_view type) {
  set(family, name, type, {});
  text_ += std::format("delete set {} incus {}\n", family, name);
}

Result<> Script::apply(const Context& ctx) const {
  if (text_.empty()) return {};
  if (!available()) return fail(Code::unsupported, "{}", kMissing);
  TRY(sys::run(ctx, {"nft", "-f", "-"}, {.input = text_}));
  return {};
}

Result<StringList> chains(const Context& ctx, std::string_view family) {
  if (!available()) return StringList{};
  auto output = TRY(sys::run(ctx, {"nft", "--terse", "--json", "-nn", "list", "chains", std::string(family)}));
  Json document = TRY(api::parse_json(output.out));
  StringList names;
  for (const Json& item : document.value("nftables", Json::array())) {
    if (!item.contains("chain")) continue;
    const Json& chain = item["chain"];
    if (chain.value("table", "") == "incus") names.push_back(chain.value("name", ""));
  }
  return names;
}

}  // namespace network::firewall
