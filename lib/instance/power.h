// Starting, stopping and freezing instances.
#pragma once
#include "instance/manager.h"

namespace instance {

/// Errors: invalid ("The instance is already running", …), internal with what the runtime said. Blocks.
Result<> start(const Job& job, const InstancePtr& instance, const PowerOptions& options);
/// Returns once the instance has ended and its devices are gone. Errors: invalid if it does not run, timeout.
Result<> stop(const Job& job, const InstancePtr& instance, const PowerOptions& options);
Result<> restart(const Job& job, const InstancePtr& instance, const PowerOptions& options);
Result<> freeze(const Job& job, const InstancePtr& instance);
Result<> unfreeze(const Job& job, const InstancePtr& instance);
/// Where the running state of an instance is kept while it is stopped: in its mounted volume.
std::string state_file(const Instance& instance);
/// By the API's word: start, stop, restart, freeze, unfreeze. Errors: invalid for others.
Result<> change_state(const Job& job, const InstancePtr& instance, const std::string& action, const PowerOptions& options);

/// The instance has ended by itself or by us: cleans up, and restarts or deletes where that is due. On a worker.
void on_stop(const InstancePtr& instance, StopReason reason);

/// An instance that runs without being watched (it outlived the daemon, or its row): its volume is held again, its end watched. False: it doesn't run.
bool find_running(const Context& ctx, const InstancePtr& instance);
/// At daemon start, once pools are there: finds running instances again and cleans up after those that ended meanwhile.
void recover_all(const Context& ctx, Manager& manager);
/// After that: starts what boot.autostart or its last state ask for, by priority. Blocks for as long as delays say.
void autostart(const Context& ctx, Manager& manager);
/// At host shutdown: remembers what runs and stops it, by boot.stop.priority. Blocks.
void shutdown_all(const Context& ctx, Manager& manager);

}  // namespace instance
