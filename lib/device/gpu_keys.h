// Config keys of graphics cards: one row each, and the tables that say which kind takes which.
#pragma once
#include "config/file_checks.h"
#include "config/key.h"
#include "device/nic/keys.h"

namespace device::gpu {

namespace checks {
inline Result<> uint8(std::string_view v) { return config::is_uint8(v); }
/// With or without "MIG-" in front.
Result<> mig_uuid(std::string_view value);
}  // namespace checks

namespace rows {
using config::Key;
inline constexpr Key gid{.name = "gid", .type = config::Type::integer, .def = "0", .required = "no", .summary = "Group that owns the nodes in the instance (container only)", .check = config::is_unix_id};
inline constexpr Key id{.name = "id", .required = "no", .summary = "Number of the DRM card"};
inline constexpr Key mdev{.name = "mdev", .required = "yes", .summary = "Profile of the mediated device, like `i915-GVTg_V5_4`"};
inline constexpr Key mig_ci{.name = "mig.ci", .type = config::Type::integer, .required = "no", .summary = "Number of an existing MIG compute instance", .check = checks::uint8};
inline constexpr Key mig_gi{.name = "mig.gi", .type = config::Type::integer, .required = "no", .summary = "Number of an existing MIG GPU instance", .check = checks::uint8};
inline constexpr Key mig_uuid{.name = "mig.uuid", .required = "no", .summary = "UUID of an existing MIG device, with or without MIG- in front", .check = checks::mig_uuid};
inline constexpr Key mode{.name = "mode", .type = config::Type::integer, .def = "0660", .required = "no", .summary = "Mode of the nodes in the instance (container only)", .check = config::is_file_mode};
inline constexpr Key pci{.name = "pci", .required = "no", .summary = "PCI address of the card", .check = nic::checks::pci_address};
inline constexpr Key productid{.name = "productid", .required = "no", .summary = "Product of the card, four hex digits", .check = nic::checks::device_id};
inline constexpr Key uid{.name = "uid", .type = config::Type::integer, .def = "0", .required = "no", .summary = "User that owns the nodes in the instance (container only)", .check = config::is_unix_id};
inline constexpr Key vendorid{.name = "vendorid", .required = "no", .summary = "Vendor of the card, four hex digits", .check = nic::checks::device_id};
}  // namespace rows

inline constexpr auto kPhysicalKeys =
    nic::table("gpu_physical", std::to_array<config::Key>({rows::gid, rows::id, rows::mode, rows::pci, rows::productid, rows::uid, rows::vendorid}));
inline constexpr auto kMachineKeys = nic::table("gpu_physical", std::to_array<config::Key>({rows::id, rows::pci, rows::productid, rows::vendorid}));
inline constexpr auto kMdevKeys = nic::table("gpu_mdev", std::to_array<config::Key>({rows::id, rows::mdev, rows::pci, rows::productid, rows::vendorid}));
inline constexpr auto kMigKeys =
    nic::table("gpu_mig", std::to_array<config::Key>({rows::id, rows::mig_ci, rows::mig_gi, rows::mig_uuid, rows::pci, rows::productid, rows::vendorid}));
inline constexpr auto kSriovKeys = nic::table("gpu_sriov", std::to_array<config::Key>({rows::id, rows::pci, rows::productid, rows::vendorid}));

}  // namespace device::gpu
