"""What can be wrong with a store; each says the next step, Chinese then English."""

from __future__ import annotations

from classifier.errors import TenderlensError


class StoreError(TenderlensError):
    """The store cannot be used as asked."""


class StoreInUse(StoreError):
    def __init__(self, folder: object) -> None:
        super().__init__(
            f"{folder} 正被另一次运行使用：请等它结束，或换一个 --store。 "
            "In use by another run: wait for its end, or take another --store."
        )


class StoreMissing(StoreError):
    def __init__(self, folder: object) -> None:
        super().__init__(
            f"{folder} 里没有台账 ledger.sqlite：请先用 tenderlens scan 文件夹 --store {folder} "
            "建立。 There is no ledger: make one with tenderlens scan FOLDER --store first."
        )


class StoreDamaged(StoreError):
    def __init__(self, ledger: object, found: str) -> None:
        super().__init__(
            f"{ledger} 已损坏（{found}）：请再运行一次 tenderlens scan，"
            "损坏的台账会被移到一旁并重建。 The ledger is damaged: run tenderlens scan again; it "
            "moves the damaged one aside and builds a new one."
        )


class PartDamaged(StoreError):
    def __init__(self, part: object) -> None:
        super().__init__(
            f"存储中的文件 {part} 已损坏：请删除这个文件后再运行一次，或加 --fresh 全部重新处理。 "
            "A file of the store is damaged: delete it and run again, or do all anew with --fresh."
        )


class StoreTooNew(StoreError):
    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"台账版本为 {found}，本程序只认识到 {known}：请升级 tenderlens，或换一个 --store。 "
            f"The ledger has version {found}, this program knows {known}: upgrade tenderlens, or "
            "take another --store."
        )


class StoreDiffers(StoreError):
    """The store was made without an option that is asked for now."""

    def __init__(self, option: str) -> None:
        super().__init__(
            f"这个存储建立时没有 {option}，其中已有原文：请换一个 --store，或删除它重新开始。 "
            f"The store was made without {option} and holds text already: take another --store, or "
            "delete it and start anew."
        )


class ClusterError(TenderlensError):
    """The cluster cannot be used, or cannot go on; what is finished is in the store."""


class SourceError(TenderlensError):
    """What a URL names cannot be opened."""
