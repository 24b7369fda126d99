// Virtual machines as an instance type: what a start needs in files and keys, and what the runtime is told of it.
#include "instance/driver.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "api/architecture.h"
#include "async/runtime.h"
#include "base/log.h"
#include "core/warnings.h"
#include "db/database.h"
#include "device/disk_machine.h"
#include "instance/manager.h"
#include "instance/power.h"
#include "instance/qemu/clock.h"
#include "instance/qemu/config_drive.h"
#include "instance/qemu/direct_kernel.h"
#include "instance/qemu/eject.h"
#include "instance/qemu/firmware_vars.h"
#include "instance/qemu/guest_uplink.h"
#include "instance/qemu/machine.h"
#include "instance/qemu/machine_launch.h"
#include "instance/qemu/machine_spec.h"
#include "instance/qemu/plug.h"
#include "instance/qemu/probe.h"
#include "instance/qemu/scriptlet.h"
#include "instance/roles.h"
#include "instance/volume.h"
#include "sys/unprivileged.h"

namespace instance::qemu {
namespace {

constexpr const char* kVsockId = "volatile.vsock_id";
constexpr const char* kAgentState = "volatile.last_state.agent";

MachinePaths paths_of(const Instance& instance) { return MachinePaths::of(instance.services().paths, instance.project(), instance.name()); }
Machine& machine_of(const InstancePtr& instance) { return static_cast<Machine&>(*instance->runtime()); }

uint32_t vsock_id(const View& view) { return static_cast<uint32_t>(parse_uint(get_or(view.row.config, kVsockId)).value_or(0)); }

Result<> available(const Context& ctx) {
  auto found = host(ctx);
  if (found->unavailable.empty()) return {};
  return fail(Code::unsupported, "Instance type \"virtual-machine\" is not supported on this server: {}", found->unavailable);
}

Result<MachineAccess> access_of(const InstancePtr& instance, const MachineSpec& spec, GuestUplink& uplink) {
  ViewPtr view = instance->view();
  MachineAccess out{.agent = {}, .nics = nics_of(*view), .memory = spec.memory, .board = spec.board, .plugged_vsock = plugs_vsock(spec)};
  out.agent.vsock = {.cid = vsock_id(*view), .run_folder = instance->run_path()};
  out.agent.identity = TRY(agent_identity(instance->mounted.path));
  out.agent.connection = TRY(uplink.connection(!is_false(get_or(view->config, "security.guestapi"))));
  out.agent.metrics = !is_false(get_or(view->config, "security.agent.metrics"));
  out.agent.started = get_or(view->row.config, kAgentState) == "STARTED";
  out.pins = spec.cpu.pins;
  return out;
}

/// Makes it the start of the machine whose state was saved.
Result<> use_saved(MachineStart& start) {
  UniqueFd file(open(start.state_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return fail_errno("Failed opening the saved state");
  start.layout = TRY(read_layout(file.get()));
  TRY(can_reach(start.spec, start.layout));
  start.cpus = start.spec.cpu.count;
  start.memory = start.spec.memory.size;
  follow_layout(start.spec, start.layout);
  start.spec.incoming = true;
  return {};
}

bool has_drive(const View& view, std::string_view source) {
  return std::ranges::any_of(view.devices, [&](const auto& device) { return get_or(device.second, "type") == "disk" && get_or(device.second, "source") == source; });
}

class Start : public Preparation {
 public:
  Start(InstancePtr instance, MachineStart start, uid_t owner) : instance_(std::move(instance)), start_(std::move(start)), owner_(owner) {}

  Result<> complete(const Job& job, const std::vector<device::RunConfig>& devices) override {
    const std::string& volume = instance_->mounted.path;
    std::vector<device::ShareEntry> shares;
    for (const device::RunConfig& device : devices) shares.insert(shares.end(), device.shares.begin(), device.shares.end());
    TRY(write_agent_mounts(volume, shares, owner_));
    // A guest that goes on may be reading the one it had.
    start_.spec.config_drive.iso = start_.spec.incoming ? volume + "/agent.iso" : TRY(make_agent_iso(job.ctx, volume));
    start_.spec.devices = devices;
    if (start_.spec.board == Board::microvm) TRY(settle_caches(start_.spec.devices));
    order_boot(start_.spec.devices);
    start_.access.nics = nics_of(*instance_->view());
    machine_of(instance_).set_start(std::move(start_));
    return {};
  }

 private:
  InstancePtr instance_;
  MachineStart start_;
  uid_t owner_;
};

class MachineDriver : public Driver, public HasGuest {
 public:
  explicit MachineDriver(Manager& manager) : manager_(manager), uplink_(std::make_shared<GuestUplink>(manager.services().runtime)) {}

  /// Looks what the host can do, beside everything else: the daemon's start does not wait for it.
  Result<> open() override {
    manager_.services().runtime.offload([&services = manager_.services()] {
      auto found = host(Context::detached(seconds(30)));
      for (const std::string& what : found->missing) log_warn(what);
      auto recorded = services.global.write([&](db::Tx& tx) -> Result<> {
        core::WarningSubject subject{.type = core::WarningType::instance_type_not_operational};
        if (found->unavailable.empty()) return core::resolve_warnings(tx, subject);
        return core::warn(tx, subject, "virtual machines are unavailable because " + found->unavailable);
      });
      if (!recorded) log_warn("Failed to record a warning", {{"error", recorded.error().message()}});
    });
    return {};
  }

  About about() const override {
    auto found = known_host();
    bool usable = found && found->qemu && found->unavailable.empty();
    return {.name = "qemu", .version = usable ? found->qemu->version : "", .settled = found != nullptr};
  }

  std::shared_ptr<Runtime> runtime(const Instance& instance, StopHandler on_stop) override {
    return std::make_shared<Machine>(instance.services().runtime, paths_of(instance), events_of(instance, std::move(on_stop)), uplink_);
  }

  Result<> check_create(const db::instances::Row&) override { return available(Context::detached(seconds(30))); }

  Result<StringMap> host_keys(int64_t, const StringMap&) override { return StringMap{}; }

  Result<> filled(const Context&, const InstancePtr&) override { return {}; }

  Result<> made_empty(const Context&, const InstancePtr&) override { return {}; }

  Result<> check_start(const InstancePtr& instance, const PowerOptions& options) override {
    ViewPtr view = instance->view();
    TRY(available(Context::detached(seconds(30))));
    bool secure = !is_false(get_or(view->config, "security.secureboot")) && get_or(view->config, "qemu.machine") != "microvm";
    if (options.stateful && !is_true(get_or(view->config, "migration.stateful")))
      return fail(Code::invalid, "Stateful start requires migration.stateful to be set to true");
    if (is_false(get_or(view->row.config, "image.requirements.secureboot")) && secure)
      return fail(Code::invalid, "The image used by this instance is incompatible with secureboot. Please set security.secureboot=false on the instance");
    for (const auto& [key, source] : {std::pair("image.requirements.cdrom_agent", device::kAgentDrive), std::pair("image.requirements.cdrom_cloud_init", device::kCloudInitDrive)})
      if (is_true(get_or(view->row.config, key)) && !has_drive(*view, source)) return fail(Code::invalid, "This virtual machine image requires an {} disk be added", source);
    if (is_true(get_or(view->config, "security.csm")) && secure)
      return fail(Code::invalid, "Secure boot can't be enabled while CSM is turned on. Please set security.secureboot=false on the instance");
    return {};
  }

  Result<std::unique_ptr<Preparation>> prepare(const Job& job, const InstancePtr& instance, const PowerOptions& options) override {
    TRY(take_vsock_id(instance));
    sys::Unprivileged whom = sys::unprivileged();
    ViewPtr view = instance->view();
    MachineStart start;
    start.spec = TRY(spec_of(*view));
    start.spec.run_folder = instance->run_path();
    start.spec.log_file = instance->log_path() + "/qemu.log";
    start.spec.user = whom.user;
    start.spec.accel = TRY(choose_accelerator(get_or(view->config, "qemu.accelerator"), *host(job.ctx)));
    if (start.spec.board == Board::microvm) start.spec.kernel = TRY(direct_kernel(instance->mounted.path));
    if (start.spec.board == Board::microvm && start.spec.accel == Accel::tcg) start.spec.kernel.command_line += emulated_clock();
    if (start.spec.board == Board::q35) start.spec.firmware = TRY(prepare_firmware(instance->mounted.path, firmware_use(start.spec), is_true(instance->volatile_get("volatile.apply_nvram"))));
    if (options.stateful && view->row.stateful) start.state_file = state_file(*instance);
    else unlink(state_file(*instance).c_str());
    if (!start.state_file.empty()) TRY(use_saved(start));
    // It loads while the drive and the devices are made.
    start.launch = TRY(begin_launch(job.ctx, paths_of(*instance), start.spec, {.cid = vsock_id(*instance->view()), .run_folder = instance->run_path()}));
    if (!get_or(view->config, "raw.qemu.scriptlet").empty()) start.instance = scriptlet_instance(*view);
    start.access = TRY(access_of(instance, start.spec, *uplink_));
    start.spec.config_drive.folder = TRY(write_config_drive(job.ctx, instance, {.trigger = instance->volatile_get("volatile.apply_template"), .connection = start.access.agent.connection, .owner = whom.uid}));
    if (start.spec.stateful) start.spec.config_drive.folder.clear();  // a share that the guest has mounted can't be saved
    start.access.agent.started = false;
    start.spec.clock = next_clock(*instance, start.spec.windows);
    start.oom_score = parse_int(get_or(view->config, "limits.memory.oom_priority")).value_or(0);
    // Templates of a first start are on the drive until QEMU is a new one: a guest that restarts must not get them again.
    bool templated = !instance->volatile_get("volatile.apply_template").empty();
    StringMap noted = clock_keys(start.spec.clock);
    for (const char* done : {"volatile.apply_nvram", "volatile.vm.needs_reset", "volatile.apply_template", kAgentState}) noted[done] = "";
    if (templated) noted["volatile.vm.needs_reset"] = "true";
    TRY(instance->volatile_set(noted));
    return std::make_unique<Start>(instance, std::move(start), whom.uid);
  }

  void found(const InstancePtr& instance) override {
    auto spec = spec_of(*instance->view());
    auto access = spec ? access_of(instance, *spec, *uplink_) : Failure(spec.error());
    auto used = access ? machine_of(instance).set_access(std::move(*access)) : Result<>(Failure(access.error()));
    if (!used) log_error("Calls into a running virtual machine will fail", {{"instance", instance->full_name()}, {"error", used.error().message()}});
    machine_of(instance).resume();
  }

  void end_leftover(const Context& ctx, const Instance& instance) override { qemu::end_leftover(ctx, paths_of(instance)); }

  void ended(const InstancePtr&) override {}

  Result<> changed(const Job& job, const InstancePtr& instance, const View&) override {
    machine_of(instance).set_nics(nics_of(*instance->view()));
    return machine_of(instance).offer_guest_api(job.ctx, !is_false(get_or(instance->view()->config, "security.guestapi")));
  }

  Result<> check_change(const StringList& keys) override { return changes_while_running(keys); }

  void tell_guest(const InstancePtr& instance, std::vector<GuestMessage> messages) override { machine_of(instance).tell_guest(std::move(messages)); }

  Result<std::string> make_drive(const Context& ctx, const InstancePtr& instance, const std::string& source) override {
    return source == device::kAgentDrive ? make_agent_iso(ctx, instance->mounted.path) : make_cloud_init_iso(ctx, instance);
  }

  Result<> serve_files(const InstancePtr&, const std::string&) override { return fail(Code::invalid, "The instance is not running: files of a virtual machine are reached through its agent"); }

 private:
  MachineEvents events_of(const Instance& instance, StopHandler on_stop) {
    auto with = [weak = instance.weak_from_this()](auto&& what) {
      if (auto self = std::const_pointer_cast<Instance>(weak.lock())) what(self);
    };
    MachineEvents events;
    events.stopped = std::move(on_stop);
    events.changed = [with] { with([](const InstancePtr& self) { self->status_changed(); }); };
    events.restarted = [with] { with([](const InstancePtr& self) { lifecycle(*self, Job{.ctx = Context::detached(seconds(10))}, "instance-restarted"); }); };
    events.clock = [with](int64_t seconds) { with([seconds](const InstancePtr& self) { note_clock(*self, seconds); }); };
    events.agent = [with](bool started) { with([started](const InstancePtr& self) { agent_changed(self, started); }); };
    events.ejected = [with](const std::string& id) { with([&](const InstancePtr& self) { eject(self, id); }); };
    events.needs_new_qemu = [with] {
      bool needs = false;
      with([&](const InstancePtr& self) { needs = is_true(self->volatile_get("volatile.vm.needs_reset")); });
      return needs;
    };
    return events;
  }

  static void agent_changed(const InstancePtr& instance, bool started) {
    Context ctx = Context::detached(seconds(10));
    auto recorded = instance->volatile_set({{kAgentState, started ? "STARTED" : "STOPPED"}});
    if (!recorded) log_error("Failed recording last agent state", {{"instance", instance->full_name()}, {"error", recorded.error().message()}});
    lifecycle(*instance, Job{.ctx = ctx}, started ? "instance-agent-started" : "instance-agent-stopped");
  }

  Result<> take_vsock_id(const InstancePtr& instance) {
    ViewPtr view = instance->view();
    auto taken = [&](uint32_t id) {
      for (const InstancePtr& other : manager_.list())
        if (other->id() != instance->id() && other->view()->type() == Type::virtual_machine && vsock_id(*other->view()) == id) return true;
      return false;
    };
    uint32_t before = vsock_id(*view);
    uint32_t id = TRY(choose_cid(get_or(view->row.config, "volatile.uuid"), before ? std::optional(before) : std::nullopt, taken));
    return instance->volatile_set({{kVsockId, std::to_string(id)}});
  }

  Manager& manager_;
  std::shared_ptr<GuestUplink> uplink_;
};

}  // namespace

std::unique_ptr<Driver> make_driver(Manager& manager) { return std::make_unique<MachineDriver>(manager); }

}  // namespace instance::qemu
