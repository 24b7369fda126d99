// Value checks of server config keys.
#pragma once
#include <string_view>

#include "base/result.h"

namespace core::server_check {

Result<> acme_challenge(std::string_view value);
Result<> address_v4(std::string_view value);
Result<> architecture(std::string_view value);
Result<> asn(std::string_view value);
Result<> authorization_driver(std::string_view value);
/// none, or a compressor with the few arguments that are allowed.
Result<> compression(std::string_view value);
Result<> debug_address(std::string_view value);
Result<> event_types(std::string_view value);
Result<> expiry(std::string_view value);
Result<> image_replicas(std::string_view value);
/// host, host:port, [v6]:port, :port.
Result<> listen_address(std::string_view value);
Result<> log_level(std::string_view value);
Result<> logging_target(std::string_view value);
Result<> mac_pattern(std::string_view value);
Result<> max_standby(std::string_view value);
Result<> max_voters(std::string_view value);
Result<> nic_host_name(std::string_view value);
Result<> offline_threshold(std::string_view value);
Result<> rebalance_threshold(std::string_view value);
Result<> shutdown_action(std::string_view value);
Result<> tls_identifier(std::string_view value);

}  // namespace core::server_check
