// The numbers that stand for names in database columns, as upstream assigned them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace db {

enum class InstanceType : int { container = 0, vm = 1 };
enum class VolumeType : int { container = 0, image = 1, custom = 2, vm = 3 };
enum class ContentType : int { filesystem = 0, block = 1, iso = 2 };
/// Pools and networks: made in two steps in a cluster (pending, then created).
enum class State : int { pending = 0, created = 1, errored = 2 };
enum class NetworkType : int { bridge = 0, macvlan = 1, sriov = 2, ovn = 3, physical = 4 };
enum class CertificateType : int { client = 1, server = 2, metrics = 3 };
enum class WarningStatus : int { fresh = 1, acknowledged = 2, resolved = 3 };

std::string_view name_of(InstanceType type);     ///< "container", "virtual-machine"
std::string_view name_of(VolumeType type);       ///< "container", "image", "custom", "virtual-machine"
std::string_view name_of(ContentType type);      ///< "filesystem", "block", "iso"
std::string_view name_of(State state);           ///< "Pending", "Created", "Errored"
std::string_view name_of(NetworkType type);      ///< "bridge", …
std::string_view name_of(CertificateType type);  ///< "client", …
std::string_view name_of(WarningStatus status);  ///< "new", "acknowledged", "resolved"

/// Nothing for a name that is none of them; an empty instance or content type is the default one.
std::optional<InstanceType> instance_type(std::string_view name);
std::optional<VolumeType> volume_type(std::string_view name);
std::optional<ContentType> content_type(std::string_view name);
std::optional<NetworkType> network_type(std::string_view name);
std::optional<CertificateType> certificate_type(std::string_view name);
std::optional<WarningStatus> warning_status(std::string_view name);

/// The volume type that holds instances of `type`.
VolumeType volume_type_of(InstanceType type);

/// "none", "nic", "disk", … Errors: invalid: `Invalid device type "x"`.
Result<int> device_type_code(std::string_view name);
std::string_view device_type_name(int code);
/// "incus", "direct", "simplestreams", "oci". Errors: invalid.
Result<int> image_protocol_code(std::string_view name);
std::string_view image_protocol_name(int code);

}  // namespace db
