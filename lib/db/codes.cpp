// Number/name tables of database columns.
#include "db/codes.h"

#include <span>

#include "base/strings.h"

namespace db {

namespace {

struct Name {
  int code;
  std::string_view name;
};
using Names = std::span<const Name>;

constexpr Name kInstanceTypes[] = {{0, "container"}, {1, "virtual-machine"}};
constexpr Name kVolumeTypes[] = {{0, "container"}, {1, "image"}, {2, "custom"}, {3, "virtual-machine"}};
constexpr Name kContentTypes[] = {{0, "filesystem"}, {1, "block"}, {2, "iso"}};
constexpr Name kStates[] = {{0, "Pending"}, {1, "Created"}, {2, "Errored"}};
constexpr Name kNetworkTypes[] = {{0, "bridge"}, {1, "macvlan"}, {2, "sriov"}, {3, "ovn"}, {4, "physical"}};
constexpr Name kCertificateTypes[] = {{1, "client"}, {2, "server"}, {3, "metrics"}};
constexpr Name kWarningStatuses[] = {{1, "new"}, {2, "acknowledged"}, {3, "resolved"}};
constexpr Name kDeviceTypes[] = {{0, "none"}, {1, "nic"}, {2, "disk"}, {3, "unix-char"}, {4, "unix-block"}, {5, "usb"},
                                 {6, "gpu"}, {7, "infiniband"}, {8, "proxy"}, {9, "unix-hotplug"}, {10, "tpm"}, {11, "pci"}};
constexpr Name kImageProtocols[] = {{0, "incus"}, {1, "direct"}, {2, "simplestreams"}, {3, "oci"}};

std::string_view lookup(Names names, int code) {
  for (const Name& row : names) {
    if (row.code == code) return row.name;
  }
  return "";
}

std::optional<int> lookup(Names names, std::string_view name) {
  for (const Name& row : names) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

template <class E>
std::optional<E> as(std::optional<int> code) {
  return code ? std::optional<E>(static_cast<E>(*code)) : std::nullopt;
}

}  // namespace

std::string_view name_of(InstanceType type) { return lookup(kInstanceTypes, static_cast<int>(type)); }
std::string_view name_of(VolumeType type) { return lookup(kVolumeTypes, static_cast<int>(type)); }
std::string_view name_of(ContentType type) { return lookup(kContentTypes, static_cast<int>(type)); }
std::string_view name_of(State state) { return lookup(kStates, static_cast<int>(state)); }
std::string_view name_of(NetworkType type) { return lookup(kNetworkTypes, static_cast<int>(type)); }
std::string_view name_of(CertificateType type) { return lookup(kCertificateTypes, static_cast<int>(type)); }
std::string_view name_of(WarningStatus status) { return lookup(kWarningStatuses, static_cast<int>(status)); }

std::optional<InstanceType> instance_type(std::string_view name) {
  return as<InstanceType>(name.empty() ? std::optional(0) : lookup(kInstanceTypes, name));
}
std::optional<VolumeType> volume_type(std::string_view name) { return as<VolumeType>(lookup(kVolumeTypes, name)); }
std::optional<ContentType> content_type(std::string_view name) {
  return as<ContentType>(name.empty() ? std::optional(0) : lookup(kContentTypes, name));
}
std::optional<NetworkType> network_type(std::string_view name) { return as<NetworkType>(lookup(kNetworkTypes, name)); }
std::optional<CertificateType> certificate_type(std::string_view name) { return as<CertificateType>(lookup(kCertificateTypes, name)); }
std::optional<WarningStatus> warning_status(std::string_view name) { return as<WarningStatus>(lookup(kWarningStatuses, name)); }

VolumeType volume_type_of(InstanceType type) { return type == InstanceType::vm ? VolumeType::vm : VolumeType::container; }

Result<int> device_type_code(std::string_view name) {
  if (auto code = lookup(kDeviceTypes, name)) return *code;
  return fail(Code::invalid, "Invalid device type {}", quote(name));
}
std::string_view device_type_name(int code) { return lookup(kDeviceTypes, code); }

Result<int> image_protocol_code(std::string_view name) {
  if (auto code = lookup(kImageProtocols, name)) return *code;
  return fail(Code::invalid, "Invalid protocol: {}", name);
}
std::string_view image_protocol_name(int code) { return lookup(kImageProtocols, code); }

}  // namespace db
