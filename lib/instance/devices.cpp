#include "instance/devices.h"

#include <algorithm>

#include "base/log.h"
#include "core/project_cache.h"
#include "device/nic/nic.h"
#include "device/roles.h"
#include "instance/draft_host.h"
#include "instance/hotplug.h"
#include "instance/manager.h"
#include "instance/roles.h"
#include "network/network.h"

namespace instance {
namespace {

int type_rank(const std::string& type) { return type == "nic" ? 0 : type == "disk" ? 1 : 2; }

/// "eth0", "eth1", … or "ib0", …: the first that no other device has.
std::string free_interface_name(const View& view, const std::string& self, const std::string& prefix) {
  StringList used;
  for (const auto& [name, device] : view.devices) {
    if (name == self) continue;
    used.push_back(get_or(device, "name"));
    used.push_back(get_or(view.row.config, "volatile." + name + ".name"));
  }
  for (int i = 0;; i++) {
    std::string candidate = prefix + std::to_string(i);
    if (!contains(used, candidate)) return candidate;
  }
}

/// Interfaces have an address and a name that stay the same over restarts: made once, kept as volatile keys.
Result<StringMap> fill_interface(const InstancePtr& instance, const std::string& name, StringMap config) {
  std::string type = get_or(config, "type");
  if (type != "nic" && type != "infiniband") return config;
  ViewPtr view = instance->view();
  StringMap changes;
  auto kind = device::nic::kind_of(instance->manager().services().networks, instance->project(), config);
  if (type == "nic" && get_or(config, "hwaddr").empty() && !(kind && contains({"physical", "ipvlan", "sriov"}, *kind))) {
    std::string& hwaddr = config["hwaddr"];
    hwaddr = get_or(view->row.config, "volatile." + name + ".hwaddr");
    const network::Environment& networks = instance->manager().services().networks.environment();
    if (hwaddr.empty()) changes["volatile." + name + ".hwaddr"] = hwaddr = network::random_hwaddr(networks, instance->project());
  }
  if (get_or(config, "name").empty()) {
    std::string& inner = config["name"];
    inner = get_or(view->row.config, "volatile." + name + ".name");
    if (inner.empty()) changes["volatile." + name + ".name"] = inner = free_interface_name(*view, name, type == "nic" ? "eth" : "ib");
  }
  TRY(instance->volatile_set(changes));
  return config;
}

struct Loaded {
  std::string name;
  std::unique_ptr<device::Device> device;
};

/// Null for types that make no sense for this kind of instance (profiles may be shared between kinds).
Result<std::unique_ptr<device::Device>> load_device(const InstancePtr& instance, Host& host, const std::string& name, const StringMap& config,
                                                    bool validate) {
  StringMap filled = TRY(fill_interface(instance, name, config));
  auto made = device::create(device_services(instance->manager()), host, name, filled);
  if (!made) {
    if (made.error().code() == Code::unsupported) return nullptr;
    return std::unexpected(made.error());
  }
  if (!validate) return made;
  auto valid = (*made)->validate();
  if (!valid && valid.error().code() == Code::unsupported) return nullptr;
  TRY(std::move(valid));
  return made;
}

/// How the devices of two views differ; what can't change while it runs is removed and added anew.
DeviceChanges compare(device::Services& services, Host& host, const View& before, const View& after, bool running) {
  DeviceChanges out;
  for (const auto& [name, config] : before.devices)
    if (!after.devices.contains(name)) out.removed[name] = config;
  for (const auto& [name, config] : after.devices) {
    auto old = before.devices.find(name);
    if (old == before.devices.end()) {
      out.added[name] = config;
      continue;
    }
    if (old->second == config) continue;
    bool live = get_or(old->second, "type") == get_or(config, "type");
    StringList allowed;
    if (live) {
      auto device = device::create(services, host, name, config);
      if (device) allowed = (*device)->updatable_keys();
    }
    StringList keys;
    for (const auto& [key, value] : config)
      if (get_or(old->second, key) != value) keys.push_back(key);
    for (const auto& [key, value] : old->second)
      if (!config.contains(key)) keys.push_back(key);
    // The root disk is never another one: while nothing runs, all of its keys are simply updated.
    bool root = get_or(old->second, "path") == "/" && get_or(config, "path") == "/" && !running;
    live = live && (root || std::ranges::all_of(keys, [&](const std::string& key) { return contains(allowed, key) || key.starts_with("user."); }));
    if (live) {
      out.updated[name] = config;
    } else {
      out.removed[name] = old->second;
      out.added[name] = config;
    }
  }
  return out;
}

/// A device that is gone or of another type leaves no volatile keys behind.
Result<> reset_volatile(const InstancePtr& instance, const std::string& name, const StringMap& before, const StringMap* after) {
  if (after && get_or(before, "type") == get_or(*after, "type") && get_or(before, "nictype") == get_or(*after, "nictype")) return {};
  StringMap changes;
  std::string prefix = "volatile." + name + ".";
  for (const auto& [key, value] : instance->view()->row.config)
    if (key.starts_with(prefix)) changes[key] = "";
  return instance->volatile_set(changes);
}

bool is_fixed(device::Device& device) {
  auto* role = dynamic_cast<device::FixedAtStart*>(&device);
  return role && role->fixed();
}

Result<> stop_running(const Context& ctx, const InstancePtr& instance, device::Device& device, const std::string& name) {
  auto plugged = device.plugged();
  if (plugged) TRY_CTX(instance->runtime()->unplug(ctx, *plugged), "Failed to stop device {}", quote(name));
  TRY_CTX(device.stop(ctx), "Failed to stop device {}", quote(name));
  return {};
}

Result<> take_out(const Context& ctx, const InstancePtr& instance, Host& old_host, const std::string& name, const StringMap& config, bool running) {
  auto device = load_device(instance, old_host, name, config, false);
  if (!device || !*device) return {};
  if (running && is_fixed(**device)) return fail(Code::invalid, "Failed to remove device {}: Device cannot be removed when instance is running", quote(name));
  if (running) TRY(stop_running(ctx, instance, **device, name));
  TRY_CTX((*device)->remove(ctx), "Failed to remove device {}", quote(name));
  return {};
}

Result<> put_in(const Context& ctx, const InstancePtr& instance, Host& host, const std::string& name, const StringMap& config, bool running,
                Reverter& undo) {
  auto device = TRY_CTX(load_device(instance, host, name, config, true), "Failed add validation for device {}", quote(name));
  if (!device) return {};
  if (running && is_fixed(*device)) return fail(Code::invalid, "Failed to add device {}: Device cannot be added when instance is running", quote(name));
  std::shared_ptr<device::Device> shared = std::move(device);
  TRY_CTX(shared->add(ctx), "Failed to add device {}", quote(name));
  undo.add("remove device " + name, [shared](const Context& c) { return shared->remove(c); });
  if (!running) return {};
  auto run = TRY_CTX(shared->start(ctx), "Failed to start device {}", quote(name));
  undo.add("stop device " + name, [shared](const Context& c) { return shared->stop(c); });
  TRY_CTX(instance->runtime()->plug(ctx, run, undo), "Failed to start device {}", quote(name));
  return {};
}

Result<> alter(const Context& ctx, const InstancePtr& instance, device::Device& device) {
  auto runtime = instance->runtime();
  auto* alters = dynamic_cast<Alters*>(runtime.get());
  auto* altered = dynamic_cast<device::Altered*>(&device);
  return alters && altered ? alters->alter(ctx, TRY(altered->altered(ctx))) : Result<>();
}

/// Does the running instance have it? Those of its devices follow.
Result<> follow_volume_of(const Context& ctx, const InstancePtr& instance, const std::string& pool, const std::string& volume) {
  auto uses = [&](const StringMap& config) {
    return get_or(config, "type") == "disk" && get_or(config, "pool") == pool && split(get_or(config, "source"), '/', 2).front() == volume;
  };
  ViewPtr view = instance->view();
  if (!instance->running() || std::ranges::none_of(view->devices, [&](const auto& device) { return uses(device.second); })) return {};
  auto lock = TRY(instance->lock(ctx));
  Host host(instance);
  for (const auto& [name, config] : host.expanded_devices()) {
    if (!uses(config) || !instance->running()) continue;
    auto device = TRY(load_device(instance, host, name, config, false));
    if (device) TRY_CTX(alter(ctx, instance, *device), "Failed to update device {}", quote(name));
  }
  return {};
}

}  // namespace

device::Services& device_services(Manager& manager) { return manager.devices(); }

StringList device_order(const api::DevicesMap& devices) {
  StringList names;
  for (const auto& [name, device] : devices) names.push_back(name);
  std::ranges::stable_sort(names, [&](const std::string& a, const std::string& b) {
    const StringMap& left = devices.at(a);
    const StringMap& right = devices.at(b);
    std::string left_type = get_or(left, "type"), right_type = get_or(right, "type");
    if (left_type != right_type) {
      int x = type_rank(left_type), y = type_rank(right_type);
      return x != y ? x < y : left_type > right_type;
    }
    if (left_type == "disk" && get_or(left, "path") != get_or(right, "path")) return get_or(left, "path") < get_or(right, "path");
    return a < b;
  });
  return names;
}

Result<> validate_devices(Manager& manager, const std::string& project, Type type, const api::DevicesMap& local, const api::DevicesMap* expanded,
                          const StringMap& expanded_config) {
  DraftHost host(manager.services(), project, type, expanded_config, expanded ? *expanded : local);
  auto check = [&](const std::string& name, const StringMap& config, bool of_profile) -> Result<> {
    auto made = device::create(device_services(manager), host, name, config);
    auto valid = made ? (*made)->validate() : Result<>(std::unexpected(made.error()));
    if (valid || (of_profile && valid.error().code() == Code::unsupported)) return {};
    Error why = valid.error().code() == Code::unsupported ? Error(Code::invalid, valid.error().message()) : valid.error();
    return std::unexpected(std::move(why).wrap(std::format("Device validation failed for {}", quote(name))));
  };
  for (const auto& [name, config] : local) {
    if (name.empty() || name.size() > 64) return fail(Code::invalid, "Invalid device name {}: 1 to 64 characters are needed", quote(name));
    TRY(check(name, config, false));
  }
  if (!expanded) return {};
  TRY_CTX(root_disk(*expanded), "Failed detecting root disk device");
  for (const auto& [name, config] : *expanded)
    if (!local.contains(name)) TRY(check(name, config, true));
  return {};
}

Result<std::vector<device::RunConfig>> start_devices(const Context& ctx, const InstancePtr& instance, Host& host) {
  std::vector<Loaded> loaded;
  for (const std::string& name : device_order(host.expanded_devices())) {
    auto device = TRY_CTX(load_device(instance, host, name, host.expanded_devices().at(name), true), "Failed start validation for device {}", quote(name));
    if (device) loaded.push_back({name, std::move(device)});
  }
  std::vector<device::RunConfig> out;
  for (size_t i = 0; i < loaded.size(); i++) {
    auto run = loaded[i].device->start(ctx);
    if (run) {
      out.push_back(std::move(*run));
      continue;
    }
    Context undo = Context::detached(seconds(30));
    for (size_t j = i + 1; j-- > 0;)
      if (auto stopped = loaded[j].device->stop(undo); !stopped) log_warn("Failed stopping device after a failed start", {{"device", loaded[j].name}, {"error", stopped.error().message()}});
    return std::unexpected(std::move(run).error().wrap(std::format("Failed to start device {}", quote(loaded[i].name))));
  }
  return out;
}

void stop_devices(const InstancePtr& instance) {
  Context ctx = Context::detached(seconds(60));
  Host host(instance);
  StringList names = device_order(host.expanded_devices());
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    auto device = load_device(instance, host, *name, host.expanded_devices().at(*name), false);
    auto stopped = device ? (*device ? (*device)->stop(ctx) : Result<>()) : Result<>(std::unexpected(device.error()));
    if (!stopped) log_error("Failed to stop device", {{"instance", instance->full_name()}, {"device", *name}, {"error", stopped.error().message()}});
  }
}

Result<DeviceChanges> change_devices(const Context& ctx, const InstancePtr& instance, const View& old_view) {
  auto before = std::make_shared<const View>(old_view);
  ViewPtr after = instance->view();
  Host old_host(instance, before), host(instance, after);
  bool running = instance->running();
  DeviceChanges difference = compare(device_services(instance->manager()), host, *before, *after, running);
  if (running) {
    for (const auto& [name, config] : difference.removed)
      if (get_or(config, "type") == "disk" && get_or(config, "path") == "/" && difference.added.contains(name))
        return fail(Code::invalid, "Cannot apply changes to root disk device {} while the instance is running", quote(name));
  }
  StringList order = device_order(difference.removed);
  for (auto name = order.rbegin(); name != order.rend(); ++name) {
    const StringMap& config = difference.removed.at(*name);
    TRY(take_out(ctx, instance, old_host, *name, config, running));
    auto replacement = difference.added.find(*name);
    TRY(reset_volatile(instance, *name, config, replacement == difference.added.end() ? nullptr : &replacement->second));
  }
  Reverter undo;
  for (const std::string& name : device_order(difference.added)) TRY(put_in(ctx, instance, host, name, difference.added.at(name), running, undo));
  for (const std::string& name : device_order(difference.updated)) {
    auto device = TRY_CTX(load_device(instance, host, name, difference.updated.at(name), true), "Failed update validation for device {}", quote(name));
    if (!device) continue;
    TRY_CTX(device->update(ctx, before->devices.at(name), running), "Failed to update device {}", quote(name));
    if (running) TRY_CTX(alter(ctx, instance, *device), "Failed to update device {}", quote(name));
  }
  undo.commit();
  instance->manager().hotplug().refresh();
  return difference;
}

Result<> detach(const Context& ctx, const InstancePtr& instance, const std::string& name) {
  Host host(instance);
  auto found = host.expanded_devices().find(name);
  if (found == host.expanded_devices().end()) return {};
  auto device = TRY(load_device(instance, host, name, found->second, false));
  return device ? stop_running(ctx, instance, *device, name) : Result<>();
}

Result<> follow_host(const Context& ctx, const InstancePtr& instance, const std::string& name) {
  auto lock = TRY(instance->lock(ctx));
  Host host(instance);
  auto found = host.expanded_devices().find(name);
  if (!instance->running() || found == host.expanded_devices().end()) return {};
  auto device = TRY(load_device(instance, host, name, found->second, false));
  if (!device) return {};
  if (device->pending() == device::Hotplug::unplug) {
    TRY(instance->runtime()->unplug(ctx, TRY(device->plugged())));
    TRY(device->stop(ctx));
  }
  if (device->pending() != device::Hotplug::plug) return {};
  Reverter undo;
  auto run = TRY(device->start(ctx));
  undo.add("stop device " + name, [&device](const Context& c) { return device->stop(c); });
  TRY(instance->runtime()->plug(ctx, run, undo));
  undo.commit();
  return {};
}

Result<> follow_volume(const Context& ctx, Manager& manager, const std::string& pool, const std::string& project, const std::string& volume) {
  Result<> outcome;
  for (const InstancePtr& instance : manager.list()) {
    auto effective = manager.services().projects.effective(instance->project(), "storage_volume");
    auto done = effective && *effective == project ? follow_volume_of(ctx, instance, pool, volume) : Result<>();
    if (!done) outcome = std::move(done);
  }
  return outcome;
}

void remove_devices(const Context& ctx, const InstancePtr& instance) {
  Host host(instance);
  StringList names = device_order(host.expanded_devices());
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    auto device = load_device(instance, host, *name, host.expanded_devices().at(*name), false);
    if (!device || !*device) continue;
    if (auto removed = (*device)->remove(ctx); !removed)
      log_error("Failed to remove device", {{"instance", instance->full_name()}, {"device", *name}, {"error", removed.error().message()}});
  }
}

}  // namespace instance
