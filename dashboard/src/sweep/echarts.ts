/** The parts of ECharts that sweep plots use; loaded with the first of them and not before. */

import { ParallelChart } from "echarts/charts";
import { ParallelComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([ParallelChart, ParallelComponent, CanvasRenderer]);

export { init };
