// usb and unix-hotplug: nodes of USB devices that may come and go while the instance runs.
#include <algorithm>

#include "config/file_checks.h"
#include "device/host_nodes.h"
#include "device/nic/keys.h"
#include "device/services.h"

namespace device {
namespace {

using nic::checks::device_id;
using nic::checks::pci_address;

Result<> small_number(std::string_view value) {
  auto parsed = parse_uint(value);
  return parsed && *parsed <= UINT32_MAX ? Result<>() : fail(Code::invalid, "Invalid value, must be a number from 0 to 4294967295");
}

constexpr config::Key kUsbKeys[] = {
    {.name = "attached", .group = "usb", .type = config::Type::boolean, .def = "true", .required = "no", .summary = "Whether the device is plugged in"},
    {.name = "busnum", .group = "usb", .required = "no", .summary = "Number of the USB bus", .check = small_number},
    {.name = "devnum", .group = "usb", .required = "no", .summary = "Number of the device on its bus", .check = small_number},
    {.name = "gid", .group = "usb", .def = "0", .required = "no", .summary = "Group that owns the node in the instance", .check = config::is_unix_id},
    {.name = "mode", .group = "usb", .def = "0660", .required = "no", .summary = "Mode of the node in the instance", .check = config::is_file_mode},
    {.name = "productid", .group = "usb", .required = "no", .summary = "Product of the device, four hex digits", .check = device_id},
    {.name = "required", .group = "usb", .type = config::Type::boolean, .def = "false", .required = "no", .summary = "Refuse starting without the device"},
    {.name = "serial", .group = "usb", .required = "no", .summary = "Serial number of the device"},
    {.name = "uid", .group = "usb", .def = "0", .required = "no", .summary = "User that owns the node in the instance", .check = config::is_unix_id},
    {.name = "vendorid", .group = "usb", .required = "no", .summary = "Vendor of the device, four hex digits", .check = device_id},
};

constexpr config::Key kHotplugKeys[] = {
    {.name = "gid", .group = "unix-hotplug", .def = "0", .required = "no", .summary = "Group that owns the nodes in the instance", .check = config::is_unix_id},
    {.name = "mode", .group = "unix-hotplug", .def = "0660", .required = "no", .summary = "Mode of the nodes in the instance", .check = config::is_file_mode},
    {.name = "pci", .group = "unix-hotplug", .required = "no", .summary = "PCI address of the USB controller whose devices are meant", .check = pci_address},
    {.name = "productid", .group = "unix-hotplug", .required = "no", .summary = "Product of the USB device, four hex digits", .check = device_id},
    {.name = "required", .group = "unix-hotplug", .type = config::Type::boolean, .def = "false", .required = "no", .summary = "Refuse starting without the device"},
    {.name = "uid", .group = "unix-hotplug", .def = "0", .required = "no", .summary = "User that owns the nodes in the instance", .check = config::is_unix_id},
    {.name = "vendorid", .group = "unix-hotplug", .required = "no", .summary = "Vendor of the USB device, four hex digits", .check = device_id},
};

/// How usb and unix-hotplug differ.
struct Kind {
  config::Keys keys;
  std::vector<HostNode> (*find)(const std::string& sysfs, const StringMap& config);
  const char* missing;
  bool containers_only;  ///< and one of the keys that select is needed
};
constexpr Kind kUsb{kUsbKeys, usb_nodes, "Required USB device not found", false};
constexpr Kind kHotplug{kHotplugKeys, usb_driver_nodes, "Required Unix Hotplug device not found", true};

class FollowedNodes : public Device {
 public:
  FollowedNodes(const Kind& kind, Host& host, const std::string& name, const StringMap& config) : kind_(kind), host_(host), name_(name), files_(host, name), config_(config) {}

  Result<> validate() override {
    if (kind_.containers_only) TRY(check_for_containers(host_));
    TRY(check_keys(kind_.keys, config_));
    bool selects = !(get_or(config_, "vendorid") + get_or(config_, "productid") + get_or(config_, "pci")).empty();
    if (kind_.containers_only && !selects) return fail(Code::invalid, "Unix hotplug devices require a vendorid, productid or PCI address");
    return {};
  }

  /// At the start of the instance all nodes there are; later, those it doesn't have yet.
  Result<RunConfig> start(const Context&) override {
    bool running = host_.init_pid() > 0;
    auto found = kind_.find(sysfs_folder(), config_);
    if (found.empty() && is_true(get_or(config_, "required"))) return fail(Code::invalid, "{}", kind_.missing);
    RunConfig out;
    for (const HostNode& one : attached() ? found : std::vector<HostNode>()) {
      if (running && read_node(files_.path(target(one)))) continue;
      bool taken = files_.taken(target(one));
      TRY(files_.make(one.node, target(one), config_));
      if (!taken) add_to(out, one.node, target(one));
    }
    return out;
  }

  Result<RunConfig> plugged() override {
    RunConfig out;
    for (const std::string& made : leaving()) {
      auto node = read_node(files_.path(made));
      if (node && !files_.taken(made)) add_to(out, *node, made);
    }
    return out;
  }

  Hotplug pending() override {
    auto found = attached() ? kind_.find(sysfs_folder(), config_) : std::vector<HostNode>();
    stale_.clear();
    for (const std::string& made : files_.targets()) {
      auto node = read_node(files_.path(made));
      bool there = std::ranges::any_of(found, [&](const HostNode& one) { return target(one) == made && node == one.node; });
      if (!there) stale_.push_back(made);
    }
    if (!stale_.empty()) return Hotplug::unplug;
    bool lacks = std::ranges::any_of(found, [&](const HostNode& one) { return !read_node(files_.path(target(one))); });
    return lacks ? Hotplug::plug : Hotplug::none;
  }

  Result<> stop(const Context&) override {
    for (const std::string& made : leaving()) TRY(files_.remove(made));
    stale_.clear();
    return {};
  }

 private:
  /// A virtual machine gets the device itself, known by bus and address ("dev/bus/usb/001/004"); our node only says that it has it.
  void add_to(RunConfig& run, const Node& node, const std::string& target) const {
    if (host_.is_container()) return files_.add_to(run, node, target);
    StringList parts = split(target, '/');
    auto bus = parts.size() > 2 ? parse_uint(parts[parts.size() - 2]) : std::nullopt, address = parse_uint(parts.back());
    if (bus && address) run.usbs.push_back(usb_entry(name_, static_cast<unsigned>(*bus), static_cast<unsigned>(*address)));
  }
  static std::string target(const HostNode& one) { return one.path.substr(1); }
  bool attached() const {
    std::string value = get_or(config_, "attached");
    return value.empty() || is_true(value);
  }
  /// What goes: after pending() found nodes without their device, only these.
  StringList leaving() const { return stale_.empty() ? files_.targets() : stale_; }

  const Kind& kind_;
  Host& host_;
  std::string name_;
  NodeFiles files_;
  StringMap config_;
  StringList stale_;
};

std::string watch_uevents(const StringMap&) { return std::string(kWatchUevents); }

}  // namespace

extern const device::Type usb_type = {
    .name = "usb",
    .create = [](Services&, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<FollowedNodes>(kUsb, host, name, config);
    },
    .keys = [](const StringMap&) -> config::Keys { return kUsbKeys; },
    .watched = watch_uevents,
};

extern const device::Type unix_hotplug_type = {
    .name = "unix-hotplug",
    .create = [](Services&, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<FollowedNodes>(kHotplug, host, name, config);
    },
    .keys = [](const StringMap&) -> config::Keys { return kHotplugKeys; },
    .watched = watch_uevents,
};

}  // namespace device
