// Containers as an instance type: ids and owners of files, credentials, templates, entry points, and what the runtime is told of them.
#include "instance/driver.h"

#include <lxc/lxccontainer.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "api/architecture.h"
#include "instance/credentials.h"
#include "instance/idmap.h"
#include "instance/lxc/application.h"
#include "instance/lxc/container.h"
#include "instance/lxc/leftover.h"
#include "instance/lxc/notify_server.h"
#include "instance/manager.h"
#include "instance/template.h"
#include "instance/volume.h"
#include "sys/module.h"

namespace instance::lxc {
namespace {

ContainerPaths paths_of(const Instance& instance) { return ContainerPaths::of(instance.services().paths, instance.project(), instance.name()); }

Container& container_of(const InstancePtr& instance) { return static_cast<Container&>(*instance->runtime()); }

/// What every run, and every call into a running container, needs to know.
RunSpec base_spec(const View& view, const std::string& volume) {
  RunSpec spec;
  spec.project = view.row.project;
  spec.name = view.row.name;
  spec.architecture = std::string(api::architecture_name(view.row.architecture));
  spec.config = view.config;
  spec.path = volume;
  spec.rootfs = volume + "/rootfs";
  return spec;
}

constexpr const char* kModules = "linux.kernel_modules";

Result<> load_modules(const Context& ctx, const View& view) {
  for (const std::string& name : split_list(get_or(view.config, kModules))) TRY(sys::load_module(ctx, std::string(trim(name))));
  return {};
}

Result<> run_templates(const Job& job, const InstancePtr& instance, const RootOwnership& owner) {
  std::string deferred = instance->volatile_get("volatile.apply_template");
  if (!deferred.empty()) {
    TRY(apply_templates(job.ctx, instance, deferred, owner.idmapped ? sys::IdMap() : owner.map));
    TRY(instance->volatile_set({{"volatile.apply_template", ""}}));
  }
  return apply_templates(job.ctx, instance, "start", owner.idmapped ? sys::IdMap() : owner.map);
}

class Start : public Preparation {
 public:
  Start(InstancePtr instance, RootOwnership owner) : instance_(std::move(instance)), owner_(std::move(owner)) {}

  Result<> complete(const Job& job, const std::vector<device::RunConfig>& devices) override {
    TRY(run_templates(job, instance_, owner_));
    auto application = TRY(prepare_application(instance_, owner_, devices));
    RunSpec spec = base_spec(*instance_->view(), instance_->mounted.path);
    spec.idmap = owner_.map;
    spec.rootfs_idmapped = owner_.idmapped;
    spec.devices = devices;
    spec.oci = std::move(application);
    container_of(instance_).set_spec(std::move(spec));
    return {};
  }

 private:
  InstancePtr instance_;
  RootOwnership owner_;
};

class ContainerDriver : public Driver {
 public:
  explicit ContainerDriver(Manager& manager) : manager_(manager) {}

  /// Starts answering the system calls that containers have intercepted.
  Result<> open() override {
    auto find_policy = [this](const std::string& id) -> std::optional<InterceptPolicy> {
      // "c1" or "project_c1"; names of instances have no underscore.
      size_t cut = id.find_last_of('_');
      auto found = cut == std::string::npos ? manager_.find("default", id) : manager_.find(id.substr(0, cut), id.substr(cut + 1));
      if (!found) return std::nullopt;
      return InterceptPolicy{.config = (*found)->view()->config, .devices_path = (*found)->devices_path()};
    };
    notify_server_ = TRY_CTX(NotifyServer::open(manager_.services().runtime, notify_socket(manager_.services().paths), find_policy),
                             "System calls of containers can't be intercepted");
    return {};
  }

  About about() const override { return {.name = "lxc", .version = lxc_get_version()}; }

  std::shared_ptr<Runtime> runtime(const Instance& instance, StopHandler on_stop) override {
    return std::make_shared<Container>(instance.services().runtime, paths_of(instance), std::move(on_stop));
  }

  Result<> check_create(const db::instances::Row&) override { return {}; }

  Result<StringMap> host_keys(int64_t id, const StringMap& config) override {
    StringMap keys = map_keys(TRY_CTX(choose_map(manager_, id, config), "Failed to get ID map"));
    if (get_or(config, "volatile.last_state.idmap").empty()) keys["volatile.last_state.idmap"] = "[]";
    return keys;
  }

  Result<> filled(const Context& ctx, const InstancePtr& instance) override { return adopt_application(ctx, instance); }

  Result<> made_empty(const Context& ctx, const InstancePtr& instance) override {
    storage::Mounted mounted = TRY(mount_volume(ctx, instance));
    std::error_code error;
    std::filesystem::create_directories(mounted.path + "/rootfs", error);
    if (error) return fail_errno("Failed creating the root file system folder", error.value());
    return {};
  }

  Result<> check_start(const InstancePtr& instance, const PowerOptions& options) override {
    ViewPtr view = instance->view();
    if (is_true(get_or(view->row.config, "image.requirements.nesting")) && !is_true(get_or(view->config, "security.nesting")))
      return fail(Code::invalid, "The image used by this instance requires nesting. Please set security.nesting=true on the instance");
    if (is_false(get_or(view->row.config, "image.requirements.privileged")) && view->privileged())
      return fail(Code::invalid, "The image used by this instance is incompatible with privileged containers. Please unset security.privileged on the instance");
    if (options.stateful) return fail(Code::unsupported, "Starting with a kept state needs CRIU, which is not part of this server");
    return {};
  }

  Result<std::unique_ptr<Preparation>> prepare(const Job& job, const InstancePtr& instance, const PowerOptions&) override {
    RootOwnership owner = TRY(prepare_ownership(job, instance, instance->mounted.path + "/rootfs"));
    TRY(write_credentials(instance, owner.map));
    TRY(load_modules(job.ctx, *instance->view()));
    return std::make_unique<Start>(instance, std::move(owner));
  }

  void found(const InstancePtr& instance) override {
    RunSpec spec = base_spec(*instance->view(), instance->mounted.path);
    if (auto map = sys::IdMap::from_json(instance->volatile_get("volatile.idmap.current"))) spec.idmap = std::move(*map);
    auto disk = sys::IdMap::from_json(instance->volatile_get("volatile.last_state.idmap"));
    spec.rootfs_idmapped = disk && disk->empty() && !spec.idmap.empty();
    container_of(instance).set_spec(std::move(spec));
  }

  void end_leftover(const Context& ctx, const Instance& instance) override { lxc::end_leftover(ctx, paths_of(instance)); }

  /// The volume belongs to nobody in particular while nothing runs on it.
  void ended(const InstancePtr& instance) override {
    const std::string& volume = instance->mounted.path;
    if (volume.empty()) return;
    (void)chown(volume.c_str(), 0, 0);  // best effort: the next start sets both again
    (void)chmod(volume.c_str(), 0100);
  }

  Result<> changed(const Job& job, const InstancePtr& instance, const View& before) override {
    if (get_or(before.config, kModules) != get_or(instance->view()->config, kModules)) TRY(load_modules(job.ctx, *instance->view()));
    TRY(container_of(instance).offer_guest_api(job.ctx, !is_false(get_or(instance->view()->config, "security.guestapi"))));
    return write_credentials(instance, TRY(sys::IdMap::from_json(instance->volatile_get("volatile.idmap.current"))));
  }

  Result<> serve_files(const InstancePtr& instance, const std::string& volume) override {
    RunSpec spec;
    spec.path = volume;
    spec.rootfs = volume + "/rootfs";
    spec.idmap = TRY(sys::IdMap::from_json(instance->volatile_get("volatile.last_state.idmap")));
    container_of(instance).set_spec(std::move(spec));
    return {};
  }

 private:
  Manager& manager_;
  std::shared_ptr<NotifyServer> notify_server_;
};

}  // namespace

std::unique_ptr<Driver> make_driver(Manager& manager) { return std::make_unique<ContainerDriver>(manager); }

}  // namespace instance::lxc
