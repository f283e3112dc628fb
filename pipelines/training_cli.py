"""What both training commands share: Lightning's command line, folders, resume, export."""

from __future__ import annotations

import contextlib
import copy
import json
import sys
import time
from argparse import ArgumentError
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from lungseg.allocator import keep_freed_memory
from lungseg.errors import UsageError
from lungseg.whole_file import write_json
from pipelines.command import ExitCode, run_command
from pipelines.training_audit import before_training, beside_result

if TYPE_CHECKING:
    from covidcls.audit.quick import QuickAudit

Report = Callable[[Path], lightning.Callback]
Export = Callable[[Path, Any, Path, str, dict[str, Any], bool], dict[str, Any]]

OF_RUN = "run.json"  # what a run began with, beside its states


def fast_precision() -> Literal["bf16-mixed", "32-true"]:
    """``bf16-mixed`` where the processor or GPU computes it, else ``32-true``.

    A CPU without AVX512_BF16 or AMX is slower with it.
    """
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    return "bf16-mixed" if "avx512_bf16" in flags or "amx_bf16" in flags else "32-true"


class TrainingCLI(LightningCLI):
    """LightningCLI without sub-commands, with the options of a project's run."""

    def __init__(
        self,
        *given: Any,
        monitor: str,
        reports: Sequence[Report],
        audits: bool,
        **options: Any,
    ) -> None:
        self.monitor, self.reports = monitor, reports
        self.audits = audits
        super().__init__(*given, **options)

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument("--name", type=str, required=True, help="name of the run and weights")
        parser.add_argument("--runs", type=str, default="runs", help="folder of logs and states")
        parser.add_argument(
            "--export_dir", type=str, default="checkpoints", help="folder of the exported weights"
        )
        parser.add_argument(
            "--resume", type=bool, default=False, help="go on from the last state of this run"
        )
        parser.add_argument(
            "--overwrite", type=bool, default=False, help="replace a run or weights of this name"
        )
        parser.add_argument(
            "--test", type=bool, default=False, help="measure the held-out data too (once)"
        )
        parser.add_argument(
            "--report", type=bool, default=True, help="draw curves and samples of the run"
        )
        parser.add_argument(
            "--keep",
            type=Literal["best", "last"],
            default="best",
            help="which epoch is exported: that of the highest validation, or the last",
        )
        if self.audits:
            parser.add_argument(
                "--audit",
                type=bool,
                default=True,
                help="look for leaks and shortcuts first, and print floors beside the result",
            )
        parser.add_lightning_class_args(EarlyStopping, "early_stopping")
        parser.set_defaults(
            {
                "early_stopping.monitor": self.monitor,
                "early_stopping.mode": "max",
                "early_stopping.patience": 12,
                "trainer.precision": None,
                "trainer.log_every_n_steps": 10,
            }
        )

    def before_instantiate_classes(self) -> None:
        config = self.config
        self.folder = Path(config.runs) / config.name
        weights = Path(config.export_dir) / f"{config.name}.safetensors"
        if weights.exists() and not config.overwrite:
            raise UsageError(
                f"{weights} exists; give another --export_dir or --name, or --overwrite true"
            )
        self.last = self.folder / "last.ckpt"
        if any(self.folder.glob("*.ckpt")) and not (config.resume or config.overwrite):
            raise UsageError(
                f"{self.folder} holds an earlier run; --resume true goes on with it, "
                "--overwrite true starts anew"
            )
        trainer = config.trainer
        if trainer.precision is None:
            trainer.precision = "32-true" if trainer.accelerator == "mps" else fast_precision()
        if trainer.default_root_dir is None:
            trainer.default_root_dir = str(self.folder)

    def instantiate_trainer(self, **options: Any) -> lightning.Trainer:
        self.best = ModelCheckpoint(
            dirpath=self.folder,
            filename="best",
            monitor=self.monitor,
            mode="max",
            enable_version_counter=False,
        )
        # of its own: with save_last the best's callback writes only where the score rose
        last = ModelCheckpoint(
            dirpath=self.folder,
            filename="last",
            monitor=None,
            save_on_train_epoch_end=True,  # else only where validation runs
            enable_version_counter=False,
        )
        loggers = [
            TensorBoardLogger(str(self.folder), name=None, version="tensorboard"),
            CSVLogger(str(self.folder), name=None, version=self._csv_folder()),
        ]
        reports = self.reports if self.config_init.report else []
        callbacks = [
            *(self.config_init.trainer.callbacks or []),
            *(report(self.folder) for report in reports),
            self.best,
            last,
        ]
        trainer: lightning.Trainer = super().instantiate_trainer(
            logger=loggers, callbacks=callbacks, **options
        )
        return trainer

    def _csv_folder(self) -> str:
        """A new one where a run goes on: the logger empties the folder that it is given."""
        if not (self.config_init.resume and self.last.is_file()):
            return "csv"
        return f"csv-{len(list(self.folder.glob('csv*'))) + 1}"


class _Unstarted(TrainingCLI):
    """Model and data of a recipe, without a run: nothing is written or said."""

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        self.config = parser.parse_object(args)  # as there, but for a warning of sys.argv

    def before_instantiate_classes(self) -> None:
        pass

    def instantiate_trainer(self, **options: Any) -> None:  # type: ignore[override]  # not used
        pass


def check_recipe(
    model: type[lightning.LightningModule],
    data: type[lightning.LightningDataModule],
    recipe: Mapping[str, Any],
    *,
    monitor: str,
    audits: bool,
) -> None:
    """Raise UsageError for what :func:`train` would refuse of ``recipe`` before it reads data;
    nothing is written. Its seed is left out: this process needs none."""
    # a copy: the parser puts its own objects into lists
    given = copy.deepcopy({"name": "unstarted", **recipe})
    given.pop("seed_everything", None)
    try:
        _Unstarted(
            model,
            data,
            monitor=monitor,
            reports=[],
            audits=audits,
            args=given,
            run=False,
            seed_everything_default=False,
            parser_kwargs={"exit_on_error": False},
        )
    except ArgumentError as error:
        raise UsageError(" ".join(str(error).split())) from error


def train(
    model: type[lightning.LightningModule],
    data: type[lightning.LightningDataModule],
    export: Export,
    arguments: Sequence[str] | None = None,
    *,
    monitor: str,
    reports: Sequence[Report],
    audit: Callable[[Any], QuickAudit] | None = None,
) -> int:
    """Fit, then export the last epoch or that with the highest ``monitor``; the exit code.

    ``reports``: what draws into the run's folder meanwhile. ``audit``: what looks at the data
    before; None for none, and no option. The card is printed as JSON.
    """
    given = None if arguments is None else list(arguments)

    def work() -> ExitCode:
        torch.set_float32_matmul_precision("high")
        keep_freed_memory()
        try:
            cli = TrainingCLI(
                model,
                data,
                monitor=monitor,
                reports=reports,
                audits=audit is not None,
                args=given,
                run=False,
                seed_everything_default=1,
                save_config_kwargs={"overwrite": True},
                parser_kwargs={"exit_on_error": False},
            )
        except ArgumentError as error:
            raise UsageError(f"{' '.join(str(error).split())} (see --help)") from error
        # wrong data are told before anything is written, absent test files before hours of training
        cli.datamodule.setup("test" if cli.config.test else "fit")
        cli.datamodule.setup("fit")  # wrong data are told before an earlier run is removed
        audited = None
        if audit and cli.config.audit and cli.trainer.is_global_zero:
            audited = audit(cli.datamodule)
            _say(before_training(audited))
        start = time.monotonic()
        resumed = cli.config.resume and cli.last.is_file()
        softened = getattr(cli.datamodule, "softened", None)  # stage 1 has no such labels
        of_run = {
            "soft_labels_sha256": softened and softened.sha256,
            "seed_everything": cli.config.seed_everything,
            "split_sha256": cli.datamodule.split_sha256(),
            **recipe(cli.config.as_dict()),
        }
        if resumed:
            check_same_run(cli.folder, of_run)
        else:
            for state in cli.folder.glob("*.ckpt"):
                state.unlink(missing_ok=True)  # another process of this run may be faster
            if cli.trainer.is_global_zero:
                cli.folder.mkdir(parents=True, exist_ok=True)
                write_json(cli.folder / OF_RUN, of_run)
        with contextlib.redirect_stdout(sys.stderr):  # standard output carries the card alone
            cli.trainer.fit(
                cli.model,
                datamodule=cli.datamodule,
                ckpt_path=str(cli.last) if resumed else None,
                weights_only=False if resumed else None,  # a state that this run itself wrote
            )
        if not cli.trainer.is_global_zero:
            return ExitCode.DONE
        if not cli.trainer.num_training_batches:
            raise UsageError(
                "there are fewer training slices than one batch for each process; "
                "give a smaller --data.batch_size"
            )
        last = cli.config.keep == "last"
        kept = cli.last if last else Path(cli.best.best_model_path)
        metrics = cli.trainer.callback_metrics
        score = metrics.get(cli.monitor) if last else cli.best.best_model_score
        training = {
            "seed": cli.config.seed_everything,
            "epochs": cli.trainer.current_epoch,
            "epochs_asked": cli.trainer.max_epochs,
            "steps": cli.trainer.global_step,
            "best_epoch": best_epoch(kept),
            "score": None if score is None else round(float(score), 4),
            "chosen_by": "the last epoch" if last else chosen_by(cli.trainer, cli.monitor),
            # of a training that went on, the time of its last part would mislead
            "minutes": None if resumed else round((time.monotonic() - start) / 60, 1),
            "resumed": bool(resumed),
            "precision": str(cli.trainer.precision),
            "recipe": recipe(cli.config.as_dict()),
            "torch": torch.__version__,
            "lightning": lightning.__version__,
        }
        if audited:
            training["audit"] = audited.as_dict()
        card = export(
            kept,
            cli.datamodule,
            Path(cli.config.export_dir),
            cli.config.name,
            training,
            cli.config.test,
        )
        print(json.dumps(card, indent=2))
        if audited:
            _say(beside_result(card))
        return ExitCode.DONE

    return run_command(work, hint="the same command with --resume true goes on")


def check_same_run(folder: Path, now: Mapping[str, Any]) -> None:
    """Raise UsageError, naming what differs, unless the run in ``folder`` began as it is ``now``:
    what one split held back, a part by another has learned."""
    from covidcls.ablation.recipe import differing

    try:
        before = json.loads((folder / OF_RUN).read_text(encoding="utf-8"))
    except FileNotFoundError:  # of a run of long ago
        return
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot read {folder / OF_RUN} ({error}); --overwrite true starts anew"
        ) from error
    if different := differing(before, now):
        raise UsageError(
            f"{folder} began with another {' and '.join(different)}; --overwrite true starts anew, "
            "or give another --name"
        )


def chosen_by(trainer: lightning.Trainer, monitor: str) -> str:
    """In words, what made an epoch the one that is kept."""
    every, epochs = trainer.check_val_every_n_epoch, trainer.max_epochs
    if every is not None and epochs is not None and every >= epochs:
        return "the last epoch, the only one that was validated"
    return f"highest {monitor}"


def _say(lines: Sequence[str]) -> None:
    print("\n".join(lines), file=sys.stderr, flush=True)


def recipe(config: dict[str, Any]) -> dict[str, Any]:
    """Model and data options of a run for its card, without the folders of this machine."""
    data = {key: value for key, value in config["data"].items() if not key.endswith("_dir")}
    averaged = [
        callback["init_args"]
        for callback in config["trainer"]["callbacks"] or []
        if callback["class_path"].endswith("EMAWeightAveraging")
    ]
    found = {"model": config["model"], "data": data, "weight_average": averaged}
    plain: dict[str, Any] = json.loads(json.dumps(found, default=vars))
    for source in plain["data"].get("sources") or []:
        for place in ("folder", "patients"):
            source[place] = source[place] and Path(source[place]).name
    if tables := plain["data"].get("soft_labels"):
        plain["data"]["soft_labels"] = [Path(table).name for table in tables]
    return plain


def best_epoch(state: Path) -> int:
    """The epoch, from 0, after which a Lightning state was written."""
    return int(torch.load(state, map_location="cpu", weights_only=False)["epoch"])
