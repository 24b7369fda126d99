// nftables through nft(8): whole scripts in one transaction each, all in table `incus` of each family.
#pragma once
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/strings.h"

namespace network::firewall {

/// False where nft(8) is missing: networks then run without NAT and filters. Cached.
bool available();
/// What to tell the user about a missing nft.
inline constexpr std::string_view kMissing = "nft was not found, so NAT and firewall rules are off: install the \"nftables\" package";

/// A script of nft commands, applied by the kernel as one transaction.
class Script {
 public:
  /// `add`s the chain (a base chain with `hook`: "type filter hook input priority 0; policy accept;") and empties it.
  void chain(std::string_view family, const std::string& name, std::string_view hook = "");
  void rule(std::string_view family, const std::string& chain, const std::string& rule);
  /// Makes sure the chains are gone, whether they existed or not. Chains that jump to others come first.
  void drop_chains(std::string_view family, const StringList& names);
  void line(const std::string& command);
  /// A named set of addresses or ranges that holds exactly `elements`.
  void set(std::string_view family, const std::string& name, std::string_view type, const StringList& elements);
  void drop_set(std::string_view family, const std::string& name, std::string_view type);

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }
  /// Errors: unsupported without nft, else what nft said. Blocks.
  Result<> apply(const Context& ctx) const;

 private:
  void table(std::string_view family);
  std::string text_;
  StringList tables_;
};

/// Names of the chains of one family's table whose name ends in ".<label>" or contains ".<label>.". Empty without a table.
Result<StringList> chains(const Context& ctx, std::string_view family);

}  // namespace network::firewall
