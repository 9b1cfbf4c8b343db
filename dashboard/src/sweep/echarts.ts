/** The parts of ECharts that sweep plots use; loaded with the first of them and not before. */

import { ParallelChart, ScatterChart } from "echarts/charts";
import { GridComponent, ParallelComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([ParallelChart, ParallelComponent, ScatterChart, GridComponent, CanvasRenderer]);

export { init };
