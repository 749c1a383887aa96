# Texts of the console, Chinese. Keys match pages.en.ftl, which a test checks.

## Frame
product = 办公用房监测
skip = 跳到正文
nav-overview = 总览
nav-alerts = 告警
nav-standards = 标准
nav-mails = 邮件
other-language = English
nav-label = 主导航
as-of = 数据截至
ago = （{ $age }前）
as-of-none = 尚无数据
stale = 数据已旧：长时间没有收到更新的读数，以下内容可能不反映现状。
catching-up = 正在处理积压数据，结果尚不完整。
refused = 台账、标准包或本地限值的最新修改有误，未生效；原有内容继续有效。
refused-more = 其余 { $n } 项见日志。
in-force = 现行台账与标准：
live-lost = 与服务的连接中断，正在重试
footer = 未知即显示为未知，绝不当作空闲或零。
missing-title = 没有这个页面
missing-text = 地址可能已过期：告警和邮件只保留最近的。
missing-back = 返回总览
yes = 是
no = 否
none = 无
unknown = 未知
more = 查看全部
list-comma = 、
window-register = 按登记数据

## Ages
age-now = 不到 1 分钟
age-minutes = { $n } 分钟
age-hours = { $n } 小时
age-days = { $n } 天

## Overview
overview-title = 总览
overview-firing = 正在告警
overview-no-firing = 目前没有告警。
overview-all-alerts = 全部告警
sum-firing = 正在告警
sum-pending = 待确认
sum-unproven = 待证实
sum-rooms = 房间
sum-occupied = 使用中
sum-free = 空闲
sum-unknown = 状态未知
sum-unwatched = 无占用传感器
overview-buildings = 楼宇
overview-no-places = 登记表中还没有场所。
overview-exchange = 闲置与紧缺
overview-exchange-text = 两侧对照，便于调剂使用。先列条款判定的房间；不足时按近 7 天工作时间利用率排序补足，并注明。
overview-ranked = 仅为排序，未作判定
overview-times = 近 7 天告警 { $n } 次
overview-idle = 可调出：闲置或超标
overview-scarce = 紧缺：拥挤或过满
overview-no-idle = 没有判定为闲置的房间。
overview-no-scarce = 没有判定为紧缺的房间。
overview-service = 运行状态
overview-links = 外部连接
overview-no-links = 尚未报告连接状态。
overview-ledger = 消息台账
overview-ledger-text = 每条消息只计一次。
overview-ledger-off = 台账不平：各项之和与收到数不一致。
overview-unknown-sensors = 未登记的传感器
overview-unknown-text = 正在上报但未登记，共 { $n } 个。登记后其数据才参与判定。
link-mqtt = MQTT 代理
link-influx = 时序数据库
link-smtp = 邮件服务器
link-up = 正常
link-down = 中断
link-unset = 未配置
link-backlog = 积压 { $n }
ledger-received = 收到
ledger-stored = 入库
ledger-duplicate = 重复
ledger-ignored = 无读数
ledger-quarantined = 隔离
ledger-rejected = 拒收
ledger-pending = 待处理

## Columns
col-alert = 告警
col-severity = 级别
col-clause = 条款
col-place = 场所
col-room = 房间
col-building = 楼宇
col-value = 实测值
col-limit = 限值
col-since = 开始时间
col-state = 状态
col-area = 使用面积
col-seats = 座位
col-use = 用途
col-reason = 依据
col-body = 单位
col-rooms = 房间数
col-occupied = 使用中
col-free = 空闲
col-unknown = 未知
col-unwatched = 无传感器
col-breach = 告警房间
col-idle = 可调出
col-crowded = 紧缺
col-utilisation = 近 7 天利用率
col-measure = 指标
col-window = 时段
col-coverage = 数据完整率
col-verdict = 判定
col-sensor = 传感器
col-quantity = 物理量
col-reading = 最新读数
col-at = 时间
col-flags = 质量标记
col-document = 标准
col-title = 名称
col-layer = 层级
col-binding = 约束力
col-in-force = 实施日期
col-clauses = 条款数
col-provenance = 限值来源
col-recipient = 收件人
col-subject = 主题

## Places
place-in = 所在位置
place-rooms = 房间现况
place-no-rooms = 这里没有登记房间。
place-below = 下级场所
place-legend = 图例
legend-occupied = 使用中
legend-free = 空闲
legend-unknown = 未知（传感器无法说明）
legend-unwatched = 未装能判断有无人的传感器
legend-breach = 有告警
tile-people = { $n } 人
tile-alerts = { $n } 项告警
tile-seats = { $n } 座
tile-idle = 可调出
tile-crowded = 紧缺
fact-body = 使用单位
fact-area = 使用面积
fact-floor-area = 建筑面积
fact-seats = 座位数
fact-posts = 安排职位
fact-use = 用途
fact-now = 现况
fact-since = 自 { $at } 起
state-occupied = 使用中
state-free = 空闲
state-unwatched = 无传感器
state-unknown = 未知
charts-title = 曲线
charts-none = 没有可画的数据。
charts-alt = { $quantity }变化曲线
charts-newest = 最新 { $value }
charts-no-newest = 无当前读数
charts-legend = 怎样看图
charts-limit = 红色虚线：限值
charts-gap = 灰色底：没有观测数据
charts-flag = 叉号：有质量问题、不参与计算的读数
charts-band = 底部色带：蓝为有人，浅绿为无人，空白为未知
range-label = 时间范围
range-day = 24 小时
range-week = 7 天
range-month = 31 天
figures-title = 指标
figures-none = 还没有完成的统计时段。
verdicts-title = 判定
verdicts-none = 还没有判定。
place-alerts = 告警
place-no-alerts = 没有告警。
sensors-title = 传感器
sensors-none = 没有绑定传感器，或尚未上报。
sensor-silent = 无新读数
no-evidence = 证据不足

## Alerts
alerts-title = 告警
alerts-none = 没有此状态的告警。
alerts-hidden = 另有 { $n } 条，可通过接口 /api/v1/alerts 查询。
alerts-filter = 按状态筛选
tab-firing = 正在告警
tab-pending = 待确认
tab-resolved = 已解除
tab-withdrawn = 已撤销
tab-all = 全部
alert-state-firing = 正在告警
alert-state-pending = 待确认
alert-state-resolved = 已解除
alert-state-withdrawn = 已撤销
alert-suspicion = 疑似
alert-acknowledged = 已受理
alert-unproven = 待证实
alert-waived = 豁免
alert-what = 发生了什么
alert-measured = 实测值
alert-limit = 限值
alert-clear = 解除条件
alert-clear-text = 须满足 { $limit } 才会解除
alert-where = 地点
alert-since = 开始时间
alert-resolved-at = 解除时间
alert-window = 判定时段
alert-coverage = 数据完整率
alert-coverage-text = 应判时间中有 { $share } 有观测数据（条款要求不低于 { $least }）
alert-evidence = 证据等级
alert-firm = 确证：以实测值直接判定
alert-hint = 疑似：传感器只能提示，须现场核实
alert-basis = 依据
alert-document = 文件
alert-clause = 条款
alert-citation = 出处
alert-provenance = 限值来源
alert-hold = 持续时间要求
alert-why = 判定说明
alert-why-none = 没有更多说明。
alert-timeline = 经过
step-started = 首个超限时段开始
step-fired = 发出告警
step-judged = 最近一次判定
step-resolved = 传感器证实已解除
alert-todo = 处理建议
alert-todo-none = 该条款没有给出处理建议。
alert-next = 只有传感器数据证实恢复后，告警才会解除；传感器失联不会解除告警。
alert-withdrawn-text = 台账或标准已变更，该项不再判定。没有数据证实其已恢复达标。
alert-unproven-text = 告警仍未解除，但近期没有数据能够证实。请检查传感器。
alert-waived-text = 豁免理由
alert-chart = 超限前后
alert-mails = 已发邮件
alert-print = 打印
alert-judged-last = 最近判定时段：{ $window }
alert-revision = 第 { $n } 次修订

## Standards
standards-title = 标准
standards-text = 每个限值都写明出自哪份文件、哪一条，以及核对程度。
standards-none = 没有装入任何标准。
standards-not-used = 未启用
standards-not-in-force = 当前未实施
standards-date-unconfirmed = 日期未经证实
standards-until = 至 { $date }（不含）
standards-unverified = { $n } 条未核实，不发告警
pack-edition = 版本
pack-supersedes = 代替 { $id }
pack-note = 说明
pack-clauses = 条款
pack-none = 这份文件没有条款。
clause-unverified = 未核实：不发告警
clause-accepted = 未核实，但已由管理单位采纳
clause-applies = 适用
clause-measure = 判定指标
clause-gate = 判定条件
clause-season = 季节
clause-coverage = 最低数据完整率
clause-ratings = 分级
clause-baseline = 基准值 { $value }
clause-guide = 引导值 { $value }
clause-now = 当前
clause-now-text = 判定 { $judged } 处，其中 { $breaches } 处超限
clause-not-in-use = 未选用：不作判定
clause-moved = 限值调整
clause-moved-by = 已由本单位依据“{ $citation }”调整
clause-curve = 限值随登记数变化（{ $unit }），两点之间按直线内插
clause-table = 限值表（{ $unit }）
by-level = 单位层级
by-rank = 职级
by-use = 用途
by-climate_zone = 气候区
by-building_type = 建筑类型
by-building_class = 建筑类别
by-quota_zone = 定额分区
by-authorised_headcount = 编制人数
by-energy_headcount = 用能人数
by-floor_area = 建筑面积

## Mails
mails-title = 邮件
mails-none = 还没有邮件。
mails-sent = 累计已发送邮件 { $n } 封。
mails-hidden = 这里只列出最近 { $n } 封；更早的见接口 /api/v1/mails。
mail-state-queued = 待发送
mail-state-sent = 已发送
mail-state-failed = 发送失败
mail-attempts = 尝试 { $n } 次
mail-alerts = 所述告警
mail-look = 邮件样式
mail-forgotten = 正文已过保存期。
mail-text = 正文
mail-error = 错误

## Closed list: kind
kind-site = 园区
kind-building = 楼宇
kind-floor = 楼层
kind-room = 房间
kind-body = 单位

## Closed list: use
use-office = 办公室
use-single_office = 单人办公室
use-open_office = 开放办公区
use-meeting = 会议室
use-reception = 接待室
use-corridor = 走廊
use-lobby = 门厅
use-service = 服务用房
use-archive = 档案室
use-print = 文印室
use-storage = 储藏室
use-pantry = 茶水间
use-canteen = 食堂
use-toilet = 卫生间
use-equipment = 设备用房
use-data_centre = 机房
use-garage = 车库
use-residence = 住宿用房
use-other = 其他

## Closed list: severity
severity-info = 提示
severity-warning = 警告
severity-critical = 严重

## Closed list: provenance
provenance-official = 官方原文
provenance-two_sources = 两个来源一致
provenance-one_source = 单一来源
provenance-derived = 推算得出
provenance-policy = 管理单位自定阈值（非标准）
provenance-unverified = 未核实

## Closed list: evidence
evidence-firm = 确证
evidence-suspicion = 疑似

## Closed list: outcome
outcome-compliant = 符合
outcome-breach = 超限
outcome-insufficient = 证据不足

## Closed list: rating
rating-guide = 达到引导值
rating-baseline = 达到基准值
rating-constraint = 达到约束值
rating-above_constraint = 超过约束值

## Closed list: layer
layer-national = 国家
layer-ministry = 部委
layer-province = 省级
layer-city = 市级
layer-agency = 管理单位

## Closed list: binding
binding-mandatory = 强制
binding-recommended = 推荐

## Closed list: period
period-hour = 小时
period-day = 日
period-week = 周
period-month = 月
period-year = 年
period-all = 全部时间
period-register = 登记数据

## Closed list: gate
gate-occupied = 有人时
gate-cooling = 制冷时
gate-heating = 供暖时

## Closed list: season
season-cooling = 供冷季
season-heating = 供暖季

## Closed list: flag
flag-range = 超出物理范围
flag-sentinel = 无效占位值
flag-future = 时间超前
flag-stuck = 数值停滞
flag-spike = 突跳
flag-late = 迟到
flag-duplicate = 重复
flag-clock = 时钟不可用
flag-too_late = 过晚
flag-estimated = 设备估算

## Closed list: quantity
quantity-occupied = 占用
quantity-motion = 人体移动
quantity-motion_count = 移动次数
quantity-people_count = 人数
quantity-people_in = 进入人数
quantity-people_out = 离开人数
quantity-people_in_total = 累计进入
quantity-people_out_total = 累计离开
quantity-occupancy_rate = 占用率
quantity-temperature = 温度
quantity-humidity = 相对湿度
quantity-co2 = 二氧化碳
quantity-illuminance = 照度
quantity-sound_level = 声级
quantity-pressure = 气压
quantity-pm2_5 = PM2.5
quantity-pm10 = PM10
quantity-tvoc = 总挥发性有机物
quantity-power = 功率
quantity-energy_import = 用电表数
quantity-energy_export = 上网电量表数
quantity-energy = 用电量
quantity-reactive_power = 无功功率
quantity-apparent_power = 视在功率
quantity-power_factor = 功率因数
quantity-voltage = 电压
quantity-current = 电流
quantity-frequency = 频率
quantity-water = 水表数
quantity-gas = 燃气表数
quantity-heat = 热量表数
quantity-water_used = 用水量
quantity-gas_used = 用气量
quantity-heat_used = 用热量
quantity-battery_level = 电池电量
quantity-battery_voltage = 电池电压
quantity-setpoint = 设定温度
quantity-outdoor_temperature = 室外温度
quantity-outdoor_co2 = 室外二氧化碳
quantity-window_open = 窗户开启
quantity-cooling_on = 制冷运行
quantity-heating_on = 供暖运行

## Closed list: measure
measure-utilisation = 利用率
measure-seat_utilisation = 座位利用率
measure-space_utilisation = 空间利用率
measure-peak_people = 最多人数
measure-idle_working_days = 连续闲置工作日
measure-area_per_person = 人均使用面积
measure-private_office_area = 办公室人均使用面积
measure-service_area = 服务用房人均面积
measure-co2_hour_mean = 二氧化碳小时均值
measure-co2_day_mean = 二氧化碳日均值
measure-temperature_hour_mean = 温度小时均值
measure-humidity_hour_mean = 相对湿度小时均值
measure-illuminance = 照度
measure-lighting_power_density = 照明功率密度
measure-electricity = 用电量
measure-gas = 用气量
measure-heat = 用热量
measure-water = 用水量
measure-eui = 单位面积能耗
measure-eui_corrected = 单位面积能耗（修正）
measure-energy_per_person = 人均能耗
measure-water_per_person = 人均用水量
measure-energy_while_empty = 无人时用电
measure-night_ratio = 夜间用电比
measure-rest_day_ratio = 休息日用电比
measure-effective_users = 实际使用人数

## Closed list: word
word-central = 中央机关
word-provincial = 省级机关
word-city = 市级机关
word-county = 县级机关
word-township = 乡级机关
word-minister = 正部级
word-vice_minister = 副部级
word-director_general = 正司（局）级
word-deputy_director_general = 副司（局）级
word-division = 处级
word-below_division = 处级以下
word-governor = 省级正职
word-vice_governor = 省级副职
word-department_head = 正厅（局）级
word-department_deputy = 副厅（局）级
word-division_head = 正处级
word-division_deputy = 副处级
word-mayor = 市级正职
word-vice_mayor = 市级副职
word-bureau_head = 正局（处）级
word-bureau_deputy = 副局（处）级
word-below_bureau = 局（处）级以下
word-county_head = 县级正职
word-county_deputy = 县级副职
word-section_head = 正科级
word-section_deputy = 副科级
word-below_section = 科级以下
word-township_head = 乡级正职
word-township_deputy = 乡级副职
word-township_other = 乡级以下
word-severe_cold = 严寒地区
word-cold = 寒冷地区
word-hot_summer_cold_winter = 夏热冬冷地区
word-hot_summer_warm_winter = 夏热冬暖地区
word-temperate = 温和地区
word-party_office = 党政机关办公建筑
word-commercial_office = 商业办公建筑
word-a = A 类
word-b = B 类

## Closed list: why
why-gate = 判定条件
why-gated = 按占用情况判定
why-observed_s = 有观测的时间
why-judged_s = 应判时间
why-sensors = 使用的传感器
why-area = 面积
why-people = 人数
why-missing = 缺少
why-working_days = 工作日数
why-rest_days = 休息日数
why-mean_people_present = 平均在场人数
why-used_as_observed = 按实测值计入
why-uncorrected = 修正前
why-rooms = 房间
why-posts = 职位
why-ranks = 职级
why-place_kind = 场所类型
why-peak_first_at = 首次达到最多人数
why-missing_attribute = 缺少登记项
why-meters = 计量表
why-hours_from = 使用时间取自
why-density_from = 人均面积取自
why-energy_headcount = 用能人数
why-authorised_headcount = 编制定员
why-capacity = 座位数
why-capacity_people = 容量（人）
why-usable_area_m2 = 使用面积
why-area_m2 = 面积
why-factor = 折算系数
why-subtracted = 已扣除

## What a figure is taken over
span-hour = 1 小时
span-day = 今日截至目前 / 单日
span-week = 近 7 天 / 自然周
span-month = 本月截至目前 / 单月
span-year = 年度
span-all = 全部
span-register = 登记表

## Who is here
login-title = 登录
login-name = 用户名
login-password = 密码
login-do = 登录
login-wrong = 用户名或密码不正确。
login-wait = 失败次数过多，请等待 { $n } 秒。
login-help = 用户和密码由运维人员用“normwatch user”命令设置。
logout = 退出
role-viewer = 查看
role-facilities = 管理
role-auditor = 审计
role-admin = 系统管理

## Acting on a finding
act-taken = 已由 { $by } 受理
act-silenced = 已由 { $by } 静默至
act-lift = 结束静默
act-give-back = 退回
act-take = 由我处理
act-note = 备注
act-silence-for = 暂不通知
act-hour = 1 小时
act-hours = { $n } 小时
act-day = 1 天
act-days = { $n } 天
act-silence = 静默
silenced = 已静默
