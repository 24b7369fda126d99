// Network forwards: addresses of the host whose traffic goes to instances of a bridge network.
#pragma once
#include <vector>

#include "api/types/network_forward.h"
#include "network/firewall/dnat.h"
#include "network/network.h"

namespace network::forward {

struct Forward : api::NetworkForward {
  int64_t id = 0;
};

Result<std::vector<Forward>> load_all(const Environment& env, int64_t network);
/// Errors: not_found: `Network forward not found`.
Result<Forward> load(const Environment& env, int64_t network, const std::string& listen_address);
/// Errors: conflict; invalid, also where the address belongs to somebody else.
Result<> create(const Context& ctx, const Network& network, const Environment& env, const api::NetworkForwardsPost& request);
Result<> update(const Context& ctx, const Network& network, const Environment& env, const Forward& forward, const api::NetworkForwardPut& put);
Result<> remove(const Context& ctx, const Network& network, const Environment& env, const Forward& forward);

/// The forwards' rules, in place of the network's old ones.
Result<> add_network_forwards(firewall::Script& script, const Environment& env, const Record& network);
/// What a forward means, checked. Errors: invalid naming the port specification.
Result<std::vector<firewall::Redirect>> resolve(const Record& network, const std::string& listen_address, const api::NetworkForwardPut& put);

/// Every address that forwards and load balancers of any network listen on.
Result<StringList> listen_addresses(const Environment& env);

}  // namespace network::forward
