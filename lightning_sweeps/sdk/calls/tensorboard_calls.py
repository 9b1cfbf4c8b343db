"""The calls of TensorBoard's `SummaryWriter`, as `logger.experiment` has them with Lightning's TensorBoardLogger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightning_sweeps.sdk.guarded import guarded
from lightning_sweeps.sdk.media.media_methods import MediaMethods
from lightning_sweeps.sdk.run_base import RunBase


class TensorBoardCalls(RunBase, MediaMethods):
    """Translates the calls to those of `Run`. `walltime` and other arguments without a counterpart are ignored."""

    @guarded
    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: int | None = None, *args: Any, **others: Any
    ) -> None:
        """Log one number."""
        self.log({tag: scalar_value}, global_step)

    @guarded
    def add_scalars(
        self, main_tag: str, tag_scalar_dict: Mapping[str, Any], global_step: int | None = None, *args: Any
    ) -> None:
        """Log several numbers as `main_tag.tag`."""
        self.log({main_tag: tag_scalar_dict}, global_step)

    @guarded
    def add_image(self, tag: str, img_tensor: Any, global_step: int | None = None, *args: Any, **others: Any) -> None:
        """Log one image."""
        self.log_image(tag, [img_tensor], global_step)

    @guarded
    def add_images(self, tag: str, img_tensor: Any, global_step: int | None = None, *args: Any, **others: Any) -> None:
        """Log a batch of images."""
        self.log_image(tag, img_tensor, global_step)

    @guarded
    def add_figure(self, tag: str, figure: Any, global_step: int | None = None, *args: Any, **others: Any) -> None:
        """Log a Matplotlib figure, or several."""
        self.log_image(tag, figure, global_step)

    @guarded
    def add_histogram(self, tag: str, values: Any, global_step: int | None = None, *args: Any, **others: Any) -> None:
        """Log the distribution of numbers."""
        self.log_histogram(tag, values, global_step)

    @guarded
    def add_text(self, tag: str, text_string: str, global_step: int | None = None, *args: Any) -> None:
        """Log a text."""
        self.log_text(tag, text=text_string, step=global_step)

    @guarded
    def add_video(self, tag: str, vid_tensor: Any, global_step: int | None = None, fps: float = 4, *args: Any) -> None:
        """Log videos of shape (videos, time, channels, height, width)."""
        self.log_video(
            tag, list(vid_tensor) if getattr(vid_tensor, "ndim", 0) == 5 else vid_tensor, global_step, fps=fps
        )

    @guarded
    def add_audio(
        self, tag: str, snd_tensor: Any, global_step: int | None = None, sample_rate: int = 44100, *args: Any
    ) -> None:
        """Log audio."""
        self.log_audio(tag, [snd_tensor], global_step, sample_rate=sample_rate)

    @guarded
    def add_hparams(
        self, hparam_dict: Mapping[str, Any], metric_dict: Mapping[str, Any], *args: Any, **others: Any
    ) -> None:
        """Add hyperparameters to the configuration, and metrics to the summary."""
        self.config.update(hparam_dict)
        self.summary.update(metric_dict)

    @guarded
    def add_graph(self, *args: Any, **others: Any) -> None:
        """Say that graphs are not stored."""
        self._report("`add_graph` stores nothing: graphs of models are not supported", about="add_graph")

    @guarded
    def flush(self) -> None:
        """Do nothing: the operating system has every row as soon as it is logged."""
