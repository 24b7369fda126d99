// What is particular about one type of instance: the row of types.def behind which containers and virtual machines differ.
#pragma once
#include "device/device.h"
#include "instance/object.h"

namespace instance {

/// One start of one instance. Begun with the volume mounted and no device started; gone when the start is over, well or not.
class Preparation {
 public:
  virtual ~Preparation() = default;
  /// The devices have started: tells the runtime what its next start() runs. Blocks.
  virtual Result<> complete(const Job& job, const std::vector<device::RunConfig>& devices) = 0;
};

/// What runs instances of a type, for GET /1.0.
struct About {
  std::string name, version;  ///< "lxc", "6.0.4"; no version: the type can't be had here
  bool settled = true;        ///< it won't change any more
};

/// All calls may come from any worker, for different instances at once; those that take an instance come with its lock held, but for runtime().
class Driver {
 public:
  virtual ~Driver() = default;
  /// Before any instance starts, once: what all instances of the type share. Errors are the caller's to log: what needs it then fails.
  virtual Result<> open() = 0;
  /// Never blocks.
  virtual About about() const = 0;
  virtual std::shared_ptr<Runtime> runtime(const Instance& instance, StopHandler on_stop) = 0;

  /// May an instance with this row be made here? Errors: invalid, unsupported with the remedy.
  virtual Result<> check_create(const db::instances::Row& row) = 0;
  /// The volatile keys that say which parts of the host are the instance's (id map, vsock id). Errors: invalid (keys that ask for what can't be had).
  virtual Result<StringMap> host_keys(int64_t id, const StringMap& expanded_config) = 0;
  /// The volume was just filled from an image. Blocks.
  virtual Result<> filled(const Context& ctx, const InstancePtr& instance) = 0;
  /// The volume was just made, with nothing in it. Blocks.
  virtual Result<> made_empty(const Context& ctx, const InstancePtr& instance) = 0;

  /// Could it start as it is? Errors: invalid, unsupported with the remedy.
  virtual Result<> check_start(const InstancePtr& instance, const PowerOptions& options) = 0;
  /// The volume is mounted. Brings files and volatile keys in line with what the instance is to be. Blocks.
  virtual Result<std::unique_ptr<Preparation>> prepare(const Job& job, const InstancePtr& instance, const PowerOptions& options) = 0;
  /// It runs, and Runtime::recover() just found it: what calls into it need is told to the runtime.
  virtual void found(const InstancePtr& instance) = 0;
  /// It does not run, but the last daemon was starting it: what came of that ends. Blocks for some seconds at most.
  virtual void end_leftover(const Context& ctx, const Instance& instance) = 0;
  /// It ended; its volume is about to be let go of.
  virtual void ended(const InstancePtr& instance) = 0;
  /// It runs, and its config or devices changed from those of `before`: files that it reads follow. Limits are Plug's.
  virtual Result<> changed(const Job& job, const InstancePtr& instance, const View& before) = 0;
  /// It does not run, its volume is mounted: the next Reach::sftp() serves those files. Errors: invalid where that is not possible.
  virtual Result<> serve_files(const InstancePtr& instance, const std::string& volume) = 0;
};

/// The folder under the state folder that leads to volumes of instances of `type`.
std::string_view volumes_folder(Type type);

#define INSTANCE_TYPE(type, driver, folder) \
  namespace driver { std::unique_ptr<Driver> make_driver(Manager& manager); }
#include "instance/types.def"
#undef INSTANCE_TYPE

}  // namespace instance
