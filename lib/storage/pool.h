// Storage pools as instances and routes see them: volumes by reference, whatever the driver. Drivers live in lib/storage/<name>/.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/types/storage_pool.h"
#include "base/context.h"
#include "base/strings.h"
#include "base/timestamp.h"

namespace async { class Runtime; }
namespace core { class Events; struct Paths; }
namespace db { class Database; }

namespace storage {

enum class VolumeType { container, virtual_machine, custom, image };
enum class ContentType { filesystem, block, iso };
std::string_view volume_type_name(VolumeType type);    ///< "container", …: the API's word
std::string_view content_type_name(ContentType type);  ///< "filesystem", …

/// Names a volume or, as "name/snapshot", one of its snapshots. A virtual machine's volume is a folder like a container's, with the disk in it as
/// root.img; its content is block whatever is said here.
struct VolumeRef {
  VolumeType type = VolumeType::container;
  std::string project = "default";
  std::string name;
  ContentType content = ContentType::filesystem;
};

/// Reports how far a transfer is: bytes done, bytes in all (0: unknown).
using Progress = std::function<void(int64_t done, int64_t total)>;

/// A mounted volume; unmounts when the last handle to it goes.
struct Mounted {
  std::string path;  ///< folder (filesystem) or file/device (block)
  std::shared_ptr<void> hold;
};

/// What a pool offers. Thread-safe: each call locks its volume. All calls block and honour ctx.
/// Database rows of volumes (storage_volumes*, with config and description) are written by the pool as part of each call.
/// Errors: not_found (volume), conflict (exists), unsupported, invalid (config), internal.
class Pool {
 public:
  virtual ~Pool() = default;
  virtual std::string name() const = 0;
  virtual std::string driver() const = 0;

  /// A new volume with the image's content: `metadata.yaml`, `templates/` and, for containers, `rootfs/`. For virtual machines config["size"] is what the
  /// disk shall have (else the pool's volume.size, else 10 GiB, or more if the image needs it), and is not stored. Errors: invalid (the image needs more).
  virtual Result<> create_from_image(const Context&, const VolumeRef&, const StringMap& config, const std::string& fingerprint, const Progress&) = 0;
  virtual Result<> create_empty(const Context&, const VolumeRef&, const StringMap& config, const std::string& description) = 0;
  /// Copies `source` (of any pool), with its snapshots where asked. Reflinks where the file system can.
  virtual Result<> create_copy(const Context&, const VolumeRef&, const StringMap& config, Pool& source_pool, const VolumeRef& source,
                               bool snapshots, const Progress&) = 0;
  /// Makes an existing `target` equal to `source` again, file by file (copy --refresh); snapshots missing in target are added.
  virtual Result<> refresh_copy(const Context&, const VolumeRef& target, Pool& source_pool, const VolumeRef& source, bool snapshots, const Progress&) = 0;
  /// Replaces the volume's content by what a new one has; its row and config stay. Errors: invalid (it has snapshots).
  virtual Result<> empty(const Context&, const VolumeRef&) = 0;
  /// Deletes the volume and its snapshots; not_found is no error for half-made ones.
  virtual Result<> remove(const Context&, const VolumeRef&) = 0;
  virtual Result<> rename(const Context&, const VolumeRef&, const std::string& new_name) = 0;

  virtual Result<> create_snapshot(const Context&, const VolumeRef& snapshot, const std::string& description, Timestamp expires) = 0;
  virtual Result<> restore_snapshot(const Context&, const VolumeRef& volume, const std::string& snapshot) = 0;
  // Snapshots are removed and renamed with remove() and rename() of "name/snapshot".

  virtual Result<Mounted> mount(const Context&, const VolumeRef&) = 0;
  /// Where the volume is (or would be) on the host.
  virtual std::string path(const VolumeRef&) const = 0;
  /// Used bytes; nothing where the driver can't tell cheaply.
  virtual std::optional<int64_t> usage(const VolumeRef&) = 0;
  virtual Result<> set_quota(const Context&, const VolumeRef&, int64_t bytes) = 0;
  virtual StringMap volume_config(const VolumeRef&) = 0;

  /// A new volume whose content `fill` writes into the mounted folder (filesystem) or the file at that path (block, iso): imports.
  /// `source_size`: bytes of a block volume.
  using Fill = std::function<Result<>(const Context&, const std::string& path)>;
  virtual Result<> create_filled(const Context&, const VolumeRef&, const StringMap& config, const std::string& description, const Fill& fill) = 0;
  /// A snapshot with given content and date (backup import): its volume exists.
  virtual Result<> create_snapshot_filled(const Context&, const VolumeRef& snapshot, const StringMap& config, const std::string& description,
                                          Timestamp created, Timestamp expires, const Fill& fill) = 0;
  /// Rows and links for a volume and snapshots that are on disk already (recovery).
  struct Adopted {
    std::string name;  ///< of the snapshot
    std::string description;
    Timestamp created, expires;
  };
  virtual Result<> adopt(const Context&, const VolumeRef&, const StringMap& config, const std::string& description, Timestamp created,
                         const std::vector<Adopted>& snapshots) = 0;
  /// Forgets it again without touching the disk.
  virtual Result<> disown(const Context&, const VolumeRef&) = 0;
  /// Checks and stores new config; grows or shrinks where "size" changed. Errors: invalid.
  virtual Result<> update_volume(const Context&, const VolumeRef&, const std::string& description, const StringMap& config) = 0;
  /// Adds defaults and checks every key. Errors: invalid: `Invalid option for volume "x" option "y"`.
  virtual Result<StringMap> prepare_config(const VolumeRef&, const StringMap& config, bool creating) = 0;

  struct Space {
    uint64_t used = 0, total = 0, inodes_used = 0, inodes_total = 0;
  };
  virtual Result<Space> space() = 0;
  /// Drops what is kept of an image that is gone.
  virtual void forget_image(const std::string& fingerprint) = 0;
};

/// All pools of this server; loads them from the database at start and mounts what needs mounting.
struct Services {
  const core::Paths& paths;
  db::Database& global;
  core::Events& events;
  async::Runtime& runtime;
};

class Pools {
 public:
  static std::unique_ptr<Pools> create(Services services);
  virtual ~Pools() = default;
  /// Mounts every pool and sweeps leftovers of a crash. A pool that fails is unavailable (a warning is recorded) and is tried again by load().
  virtual void start(const Context&) = 0;
  /// Errors: not_found: `Storage pool not found`; unavailable if its source is missing (a warning is recorded).
  virtual Result<std::shared_ptr<Pool>> load(const std::string& name) = 0;
  virtual StringList names() = 0;

  /// Errors: invalid (config, driver), conflict.
  virtual Result<> create_pool(const Context&, const api::StoragePoolsPost& request) = 0;
  /// Takes over a pool that has content already. Errors: as above.
  virtual Result<> adopt_pool(const Context&, const api::StoragePoolsPost& request) = 0;
  /// Forgets a pool without touching what is on it.
  virtual Result<> disown_pool(const std::string& name) = 0;
  virtual Result<> update_pool(const Context&, const std::string& name, const api::StoragePoolPut& put) = 0;
  /// Errors: invalid while anything is in it.
  virtual Result<> remove_pool(const Context&, const std::string& name) = 0;
  /// An image's files are gone: all pools drop what they keep of it.
  virtual void forget_image(const std::string& fingerprint) = 0;
};

}  // namespace storage
