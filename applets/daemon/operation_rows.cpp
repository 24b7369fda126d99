#include "applets/daemon/operation_rows.h"

#include "base/log.h"
#include "db/operations.h"

namespace incusd {
namespace {

/// Short enough for people who look, long enough that a burst of operations is one write.
constexpr milliseconds kDelay{200};
/// Finished operations stay listed for seconds; the table is looked after until the last one is gone.
constexpr seconds kAgain{2};

}  // namespace

Result<> OperationRows::clear() {
  return daemon_.global->write([](db::Tx& tx) { return db::operations::clear(tx); });
}

void OperationRows::changed() { schedule(kDelay); }

void OperationRows::schedule(Duration delay) {
  std::lock_guard guard(mutex_);
  again_ = true;
  if (std::exchange(scheduled_, true)) return;
  timer_ = daemon_.runtime.after(delay, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->flush();
  });
}

void OperationRows::flush() {
  {
    std::lock_guard guard(mutex_);
    again_ = false;
  }
  auto written = write_down();
  if (!written) log_warn("Failed to record operations", {{"err", written.error().message()}});
  bool again = false, left = !written || !stored_.empty();
  {
    std::lock_guard guard(mutex_);
    scheduled_ = false;  // not before: a slow disk must not lead to two at once
    again = again_;
  }
  if (again) schedule(kDelay);
  else if (left) schedule(kAgain);
}

Result<> OperationRows::write_down() {
  std::map<std::string, std::shared_ptr<core::Operation>> now;
  for (const auto& operation : daemon_.operations->all()) now[operation->id()] = operation;
  TRY(daemon_.global->write([&](db::Tx& tx) -> Result<> {
    for (const std::string& id : stored_) {
      if (!now.contains(id)) TRY(db::operations::remove(tx, id));
    }
    for (const auto& [id, operation] : now) {
      if (!stored_.contains(id)) TRY(db::operations::add(tx, id, static_cast<int>(operation->type()), operation->project()));
    }
    return {};
  }));
  stored_.clear();
  for (const auto& [id, operation] : now) stored_.insert(id);
  return {};
}

}  // namespace incusd
